"""Settings of the CUT workflows: which are served, who is told of changes, and what counts for whom."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from gateway.config.section import Address, Count, Seconds, Section, SystemId
from gateway.config.security import BrmSecuritySettings

_CONDITIONS = {"Trouble Ticket": "io:ServiceRequest/io:TicketType = 'Back Office'"}

QueueName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,99}$")]


class SubscriberSettings(Section):
    """One back office that is told of changes in Siebel: at a web service, on a queue, or in a BRM."""

    url: Address | None = None
    """Its web service's address (``…/services/CUTAccount``, or with ``{service}`` for the service's name)."""
    queue: QueueName | None = None
    """The queue its messages are put on."""
    brm: SystemId | None = None
    """The BRM that is kept in step: one of ``[brm]``."""
    objects: tuple[str, ...] = ()
    """The objects it wants to hear of (``Account``, ``Trouble Ticket`` …); none named: all that are sent, of a BRM
    those that are kept in step."""
    conditions: dict[str, str] = Field(default_factory=dict)
    """By object, an XPath 1.0 expression over the list, with the prefix ``io``: only what fulfils it is sent."""
    wsdl: str | None = None
    """Its own WSDL, with ``operation``; default: the object's own (``wsdl/cut``), where it receives the data."""
    operation: str | None = None
    """The operation of ``wsdl`` that takes the data: its input holds the list, or a string that ends in ``_spcXML``."""
    two_way: bool = False
    """Keep accounts, service profiles and phone numbers in step both ways: it is sent only what it does not know, and
    what it sends back is held against that."""
    winner: Literal["siebel", "subscriber"] = "siebel"
    """Whose value stays when both sides have changed one field."""
    latest_only: bool = False
    """Of several changes of a record that wait, send the last only."""
    threads: Count = 1
    """Deliveries worked on at the same time by one worker process; those of one record go one after another."""
    caller: str | None = None
    """The user (``o2c user``) who must call for a message that says it is this system's to be believed."""
    connect_timeout_seconds: Seconds = 5
    """Wait for a connection."""
    read_timeout_seconds: Seconds = 30
    """Wait for its answer; passing it, the message is sent again, with the same Message Id."""
    security: BrmSecuritySettings = BrmSecuritySettings()

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(each is not None for each in (self.url, self.queue, self.brm)) != 1:
            raise ValueError("exactly one of url, queue and brm says how it is reached")
        if (self.wsdl is None) != (self.operation is None):
            raise ValueError("wsdl and operation go together")
        if self.wsdl is not None and self.url is None:
            raise ValueError("wsdl is for a subscriber with a url")
        if self.queue is not None and self.queue.startswith(("CUT_OUT_", "CUT_IN_")):
            raise ValueError("queue names one of the gateway's own")
        return self


class ObjectSettings(Section):
    """One more object, beyond the eight: ``[cut.objects."Meter Reading"]``."""

    wsdl: str
    """Its workflows' WSDL, relative to the contracts or absolute (``wsdl/cut/CUTMeterReading.wsdl``)."""
    siebel_wsdl: str
    """Siebel's own service over its integration object (``wsdl/siebel/CUTSampleMeterReading.wsdl``)."""
    two_way: bool = False
    """Whether two-way subscribers keep it in step."""


class CutSettings(Section):
    """The CUT workflows."""

    siebel: SystemId = "SEBL_01"
    """The Siebel that the data are of: one of ``[siebel]``."""
    off: tuple[str, ...] = ()
    """Workflows that are switched off, by name: ``["CUT Receive Fraud Alert Data"]``. They answer a fault."""
    conditions: dict[str, str] = Field(default_factory=lambda: dict(_CONDITIONS))
    """By object, what a changed record must fulfil to be sent to anybody: an XPath 1.0 expression over the list, with
    the prefix ``io``. Trouble tickets are sent when they are for the back office, unless another condition is written;
    an empty one sends all."""
    objects: dict[str, ObjectSettings] = Field(default_factory=dict)
    """Further objects, by name; ``o2c cut add`` writes what they need."""
    subscribers: dict[SystemId, SubscriberSettings] = Field(default_factory=dict)
    """Who is told of changes: ``[cut.subscribers.OSM_01]`` with one of ``url``, ``queue``, ``brm``."""
    siebel_user: str | None = None
    """The user (``o2c user``) who must call for a change to be believed as Siebel's."""
    receive_threads: Count = 2
    """Messages of the ``CUT_IN_…`` queues worked on at the same time by one worker process."""
    retry_attempts: Count = 10
    """Attempts to deliver a change, the first included, before it goes to the subscriber's error queue."""
    backoff_initial_seconds: Seconds = 2
    """Wait before the second attempt."""
    backoff_factor: Annotated[float, Field(ge=1)] = 3
    """Each further wait is this many times the one before."""
    backoff_maximum_seconds: Seconds = 900
    """No wait is longer than this."""

    @field_validator("conditions")
    @classmethod
    def _with_defaults(cls, value: dict[str, str]) -> dict[str, str]:
        return {name: condition for name, condition in (_CONDITIONS | value).items() if condition.strip()}
