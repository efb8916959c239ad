"""What the settings are, what they default to, and what they must be. AIA's names for them stand in brackets."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from gateway.config.addressing import AddressingSettings
from gateway.config.cut import CutSettings
from gateway.config.publishing import PublishingSettings
from gateway.config.section import Address, Count, DatabaseUrl, Port, Seconds, Section, SystemId, is_loopback
from gateway.config.security import BrmSecuritySettings, Proof, SecuritySettings
from gateway.config.serving import TelemetrySettings, TlsSettings
from gateway.config.siebel import SiebelSettings

Keys = tuple[str, ...]
"""A setting's place: ``("brm", "BRM_01", "url")``."""


class TransactionMode(StrEnum):
    """How an order's opcodes and the gateway's own database become one; the README says what each guarantees."""

    XA = "xa"
    LOCAL = "local"


class GatewaySettings(Section):
    """The gateway itself."""

    host: str = "127.0.0.1"
    """Address to listen on. Anything but loopback also needs ``allow_remote``."""
    port: Port = 8080
    """Port to listen on."""
    public_url: Address | None = None
    """What partners call this gateway (scheme, host, port, prefix), written into published WSDLs. Default:
    ``http://host:port``."""
    threads: Count = 8
    """Requests served at the same time in one process."""
    workers: Count = 1
    """Server processes; more than one are run by granian."""
    database: DatabaseUrl = "sqlite:///var/gateway.db"
    """Where queues, cross-references and the ledger live: an SQLAlchemy URL of SQLite or PostgreSQL
    (``postgresql+psycopg://user:password@host/name``)."""
    allow_remote: bool = False
    """Permission to listen beyond loopback. Callers must then prove who they are (``security.policy``), unless
    ``security.allow_anonymous`` says that something in front of the gateway decides who may call."""

    @model_validator(mode="after")
    def _guard_other_machines(self) -> Self:
        if not (is_loopback(self.host) or self.allow_remote):
            raise ValueError(f"host {self.host} can be reached from other machines: that needs allow_remote = true")
        return self

    @property
    def here(self) -> str:
        """Where it listens, as an address without a slash at the end."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def address(self) -> str:
        """What partners call this gateway, without a slash at the end."""
        return self.public_url or self.here


class QueueSettings(Section):
    """Consuming messages. AIA's fault policies: retry with an interval of 2 s that grows, 7 times on a queue."""

    workers: Count = 1
    """Messages worked on at the same time by one worker process (``o2c worker``; ``o2c up --workers N`` starts N)."""
    poll_seconds: Seconds = 0.2
    """How long an idle worker waits before it looks again."""
    lease_seconds: Seconds = 60
    """How long a claimed message stays a worker's without a sign of life; a dead worker's message is taken over
    then."""
    retry_attempts: Count = 7
    """Attempts, the first included, before a message whose trouble is not its own goes to the error queue."""
    backoff_initial_seconds: Seconds = 2
    """Wait before the second attempt."""
    backoff_factor: Annotated[float, Field(ge=1)] = 2
    """Each further wait is this many times the one before."""
    backoff_maximum_seconds: Seconds = 300
    """No wait is longer than this."""
    recovery_seconds: Seconds = 30
    """How often transactions left in doubt are looked for, besides at start and on reconnect."""


class BrmSettings(Section):
    """One BRM, named by its system id: what an EBM's Target/ID says (AIA: Default.SystemID, BRM_01)."""

    url: Address = "http://127.0.0.1:8081"
    """Base address of its opcode services (AIA: Routing.*.EndpointURI); services are at ``/services/<Group>_v2``."""
    mode: TransactionMode = TransactionMode.XA
    """``xa``: two-phase commit; ``local``: one-phase, doubts settled by asking BRM."""
    connect_timeout_seconds: Seconds = 5
    """Wait for a connection."""
    read_timeout_seconds: Seconds = 60
    """Wait for an opcode's answer; passing it leaves the outcome in doubt."""
    lock_wait_seconds: Seconds = 15
    """Wait for an account that another order holds; passing it sends the order back to be retried.
    BRM's own limit must be shorter."""
    transaction_timeout_seconds: Seconds = 300
    """BRM aborts a transaction that is this old and not prepared (TRANS_TIMEOUT_IN_SECS); a prepared one
    waits for ever."""
    security: BrmSecuritySettings = BrmSecuritySettings()


class BillingSettings(Section):
    """How orders are billed."""

    initiate_days: Count = 365
    """INITIATE BILLING dates purchases this many days ahead, until FULFILL BILLING sets the real dates."""
    future_threshold_hours: Count = 8640
    """Dates at least this far ahead mean "not yet" (AIA: BRM_01.FutureTimeThresholdForBillingDates)."""

    @model_validator(mode="after")
    def _initiate_lies_beyond_the_threshold(self) -> Self:
        if self.initiate_days * 24 <= self.future_threshold_hours:
            raise ValueError("initiate_days must lie beyond future_threshold_hours, or what is initiated looks active")
        return self


class LimitSettings(Section):
    """How much of everything one message may hold; what is larger is refused before it is read further."""

    max_bytes: Count = 10 * 1024 * 1024
    """Size."""
    max_depth: Count = 100
    """Elements inside one another."""
    max_elements: Count = 500_000
    """Elements in all."""
    max_attributes: Count = 500_000
    """Attributes in all."""
    max_name_length: Count = 1_000
    """Characters of the name of an element or attribute."""
    max_namespaces: Count = 100_000
    """Declarations of namespaces in all; some toolkits repeat theirs on every element."""
    max_concurrent: Annotated[int, Field(ge=0)] = 0
    """Calls worked on at the same time in one process; more are answered 503 at once. 0: as many as there are
    threads, others wait."""
    max_seconds: Seconds = 60
    """For a request to arrive, head and body; then it is answered 408. An idle connection is closed after as long."""
    accept_gzip: bool = False
    """Accept requests packed with gzip; ``max_bytes`` then also bounds what they unpack to."""


class LogSettings(Section):
    """What is told to the log, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe event that is written. Personal data appears at ``debug`` only."""
    format: Literal["console", "json"] = "console"
    """``console`` for people, ``json`` (one object a line) for collectors."""


class Settings(Section):
    """All settings. ``Settings()`` is the defaults alone; ``load`` reads the file and the environment."""

    gateway: GatewaySettings = GatewaySettings()
    queue: QueueSettings = QueueSettings()
    brm: dict[SystemId, BrmSettings] = Field(default_factory=lambda: {"BRM_01": BrmSettings()}, min_length=1)
    siebel: dict[SystemId, SiebelSettings] = Field(default_factory=lambda: {"SEBL_01": SiebelSettings()})
    cut: CutSettings = CutSettings()
    billing: BillingSettings = BillingSettings()
    addressing: AddressingSettings = AddressingSettings()
    security: SecuritySettings = SecuritySettings()
    publishing: PublishingSettings = PublishingSettings()
    limits: LimitSettings = LimitSettings()
    logging: LogSettings = LogSettings()
    tls: TlsSettings = TlsSettings()
    telemetry: TelemetrySettings = TelemetrySettings()

    _origin: Mapping[Keys, str] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: Any) -> None:
        """Keep what ``load`` says of where each value was written."""
        self._origin = context or {}

    @model_validator(mode="after")
    def _systems_are_there(self) -> Self:
        if self.siebel and self.cut.siebel not in self.siebel:
            raise ValueError(f"cut.siebel: there is no [siebel.{self.cut.siebel}]; there is {', '.join(self.siebel)}")
        for name, subscriber in self.cut.subscribers.items():
            if subscriber.brm is not None and subscriber.brm not in self.brm:
                raise ValueError(f"cut.subscribers.{name}.brm: there is no [brm.{subscriber.brm}]")
        return self

    @model_validator(mode="after")
    def _strangers_are_asked_who_they_are(self) -> Self:
        remote = not is_loopback(self.gateway.host)
        if remote and self.security.policy is Proof.NONE and not self.security.allow_anonymous:
            raise ValueError(
                f"gateway.host: host {self.gateway.host} can be reached from other machines, and callers are asked for "
                "nothing: set security.policy, or security.allow_anonymous = true where a proxy or the network decides "
                "who may call"
            )
        return self

    @property
    def here(self) -> str:
        """Where the gateway listens, as an address without a slash at the end."""
        return self.gateway.here if self.tls.files is None else self.gateway.here.replace("http:", "https:", 1)

    @property
    def address(self) -> str:
        """What partners call the gateway, without a slash at the end."""
        return self.gateway.public_url or self.here

    @property
    def origin(self) -> Mapping[Keys, str]:
        """The file or variable of each value that was written; the others are defaults."""
        return self._origin
