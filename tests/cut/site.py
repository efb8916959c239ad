"""A gateway in this process, before a Siebel simulator over HTTP; called and delivered step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
from lxml import etree
from pydantic import SecretStr

from gateway.bootstrap import Gateway, build
from gateway.config import Settings
from gateway.cut.objects import CutObject
from gateway.messaging.attempt import Ending
from gateway.messaging.consumer import Consumer
from gateway.messaging.queues import Message, State
from soapkit.client import Client
from soapkit.faults import RemoteFault
from soapkit.limits import parse
from tests.doubles.clock import FakeClock
from tests.siebel_sim.simulator import TOKEN

ADDRESS = "http://gateway.test"
SIEBEL_FAULT = "{http://www.siebel.com/ws/fault}"


@dataclass
class Site:
    """The gateway and what is around it; ``clock`` is the gateway's."""

    gateway: Gateway
    clock: FakeClock

    @cached_property
    def app(self) -> WSGIApplication:
        return self.gateway.application()

    @cached_property
    def objects(self) -> Mapping[str, CutObject]:
        assert self.gateway.cut is not None
        return {each.key: each for each in self.gateway.cut.objects}

    # ---- calling

    def call(
        self,
        key: str,
        kind: str,
        data: etree._Element | None = None,
        *,
        path: str = "",
        checked: bool = True,
        **told: Any,
    ) -> etree._Element:
        """Call ``CUT<kind><key>Data``; the ``_Output``. RemoteFault when it refuses."""
        about = self.objects[key]
        operation = f"CUT{kind}{key}Data"
        address = f"{ADDRESS}{path or f'/services/{about.contract.name}'}"
        client = Client(about.contract, address, wsgi=self.app, validate=checked)
        answer = client.call(operation, message(about, kind, data, **told))
        assert answer is not None
        assert (answer.findtext("{*}Error_spcCode"), answer.findtext("{*}Error_spcMessage")) == ("", "")
        return answer

    def refused(self, key: str, kind: str, data: etree._Element | None = None, **told: Any) -> list[tuple[str, str]]:
        """Call what must be refused in Siebel's shape; codes and texts of the error stack, outermost first."""
        with pytest.raises(RemoteFault) as refused:
            self.call(key, kind, data, **told)
        stack = stack_of(refused.value)
        assert refused.value.text.startswith(stack[0][1])
        return stack

    def get(self, key: str, row_id: str) -> dict[str, Any]:
        """Get one record; its fields, children as lists by component."""
        [record] = records(self.objects[key], self.call(key, "Get", Object_spcId=row_id))
        return record

    def receive(self, key: str, **fields: Any) -> str:
        """Receive a record; its row id."""
        answer = self.call(key, "Receive", data(self.objects[key], fields))
        return answer.findtext("{*}Object_spcId") or ""

    def tell(self, key: str, message_id: str = "", **fields: Any) -> None:
        """Tell of a change, as Siebel does."""
        told: dict[str, Any] = {"Message_spcId": message_id} if message_id else {}
        self.call(key, "Send", data(self.objects[key], fields), **told)

    # ---- queues

    def work_on(self, queue: str) -> list[Ending]:
        """Take what can be taken of a queue now."""
        [route] = [route for route in self.gateway.admin.routes if route.queue == queue]
        consumer: Any = Consumer(route, self.gateway.errands)
        return list(iter(consumer.step, None))

    def messages(self, queue: str, *states: State) -> list[Message]:
        return self.gateway.admin.messages(queue, states)

    def bodies(self, queue: str) -> list[etree._Element]:
        """Return what waits on a queue."""
        return [parse(self.gateway.admin.payload(each.intake)) for each in self.messages(queue, State.WAITING)]


@contextmanager
def site(database: str, siebel: str, cut: Mapping[str, Any] | None = None, **more: Any) -> Iterator[Site]:
    """Run a gateway; ``siebel`` is the simulator's address, ``cut`` the section of settings."""
    clock = FakeClock()
    settings = Settings.model_validate(
        {
            "gateway": {"database": database, "public_url": ADDRESS},
            "siebel": {"SEBL_01": {"url": siebel, "connect_timeout_seconds": 2, "read_timeout_seconds": 20}},
            "cut": cut or {},
            **more,
        }
    )
    gateway = build(settings, clock=clock)
    try:
        yield Site(gateway, clock)
    finally:
        gateway.close()


def control_token() -> SecretStr:
    return SecretStr(TOKEN)


# ---- messages

_DATA, _XML = "(the data)", "(the data as a string)"
_ORDER = (
    "Object_spcId",
    _DATA,
    _XML,
    "SearchSpec",
    "SortSpec",
    "PageSize",
    "StartRowNum",
    "Message_spcId",
    "Source_spcSystem",
    "Last_spcMessage_spcId",
    "Convert_spcto_spcXML",
)


def message(about: CutObject, kind: str, data: etree._Element | None = None, **told: str) -> etree._Element:
    """Write an ``_Input``: the data and the properties in the order of the contract."""
    body = etree.Element(about.element(f"CUT{kind}{about.key}Data_Input"))
    for name in (about.xml_property if name == _XML else name for name in _ORDER):
        if name == _DATA and data is not None:
            body.append(data)
        elif name in told:
            etree.SubElement(body, about.element(name)).text = told[name]
    assert set(told) <= {*_ORDER, about.xml_property}
    return body


def data(about: CutObject, *records: Mapping[str, Any]) -> etree._Element:
    """Write a list of records; a list under a tag is a component's instances, None an element without content."""
    written = etree.Element(about.list_element)
    for record in records:
        _write(etree.SubElement(written, f"{{{about.namespace}}}{about.root}"), record, about.namespace)
    return written


def _write(element: etree._Element, fields: Mapping[str, Any], namespace: str) -> None:
    for name, value in fields.items():
        if isinstance(value, list):
            container = etree.SubElement(element, f"{{{namespace}}}ListOf{name}")
            for each in value:
                _write(etree.SubElement(container, f"{{{namespace}}}{name}"), each, namespace)
        else:
            etree.SubElement(element, f"{{{namespace}}}{name}").text = value


def records(about: CutObject, output: etree._Element) -> list[dict[str, Any]]:
    """Read the records of an ``_Output`` or ``_Input``."""
    found = output.find(about.list_element)
    return [] if found is None else [fields(each) for each in about.records(found)]


def fields(record: etree._Element) -> dict[str, Any]:
    """Read a record: fields by tag, without the empty ones; children as lists by component."""
    read: dict[str, Any] = {}
    for each in record:
        name = etree.QName(each).localname
        if len(each):
            read[name.removeprefix("ListOf")] = [fields(child) for child in each]
        elif each.text:
            read[name] = each.text
    return read


def stack_of(fault: RemoteFault) -> list[tuple[str, str]]:
    """Read the error stack of a fault in Siebel's shape."""
    assert fault.detail is not None
    assert fault.detail.tag == f"{SIEBEL_FAULT}siebdetail"
    return [
        (each.findtext(f"{SIEBEL_FAULT}errorcode") or "", each.findtext(f"{SIEBEL_FAULT}errormsg") or "")
        for each in fault.detail.iter(f"{SIEBEL_FAULT}error")
    ]
