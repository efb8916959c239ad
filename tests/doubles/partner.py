"""A back office that is kept in step with Siebel over SOAP: it has state, edits of its own, and bad habits.

It applies what it is told in the order in which that comes, each message once. It says its edits in order per record,
each with an id, and with the number of the last message that it had seen of that record when it made the edit. Of what
it is told it loses some answers, and some it refuses at first; what it says it says twice at times, and sometimes again
when it is old; records overtake one another. All of it is drawn from a seed.
"""

from __future__ import annotations

import random
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

from lxml import etree

from soapkit.catalog import Contract, contracts_root, load
from soapkit.client import Client
from soapkit.faults import Fault, FaultCode, NoAnswer, RemoteFault, Unreachable
from soapkit.server import application, running
from soapkit.service import Request, Service
from soapkit.transport import Timeout

Place = tuple[str, str]
"""Component and row id."""

_KEYS = {"Account": "Id", "AssetMgmt-Asset": "Id", "CutAddress": "RowId"}
_OBJECTS = {"CUTAccount": "CUTReceiveAccountData", "CUTPhoneNumber": "CUTReceivePhoneNumberData"}
_LISTS = {
    "CUTAccount": "{http://www.siebel.com/xml/CUT%20Sample%20Account%20IO}ListOfCutSampleAccountIo",
    "CUTPhoneNumber": "{http://www.siebel.com/xml/CUT%20Sample%20Asset%20IO}ListOfCutSampleAssetIo",
}
_TIMEOUT = Timeout(connect=2, read=30)


class Habit(StrEnum):
    """What it does besides what it should: with what it is told, and with what it says."""

    REFUSES = "refuses at first"
    LOSES = "takes it and does not say so"
    REPEATS = "says it twice"
    DIGS_UP = "says an old one again"


@dataclass(frozen=True, slots=True)
class Said:
    """An edit as it is said: ``path`` is the places from the root down to the instance, ``root`` the record's."""

    service: str
    path: tuple[Place, ...]
    fields: Mapping[str, str]
    message_id: str
    last_seen: str

    @property
    def root(self) -> Place:
        return self.path[0]


@dataclass
class Partner:
    """The back office ``name``; ``seed`` rules its habits."""

    name: str
    seed: int
    places: dict[Place, dict[str, str]] = field(default_factory=dict)
    seen: dict[Place, list[int]] = field(default_factory=lambda: defaultdict(list))
    habits: Counter[Habit] = field(default_factory=Counter)
    _refused: set[str] = field(default_factory=set)
    _unsaid: dict[Place, deque[Said]] = field(default_factory=lambda: defaultdict(deque))
    _old: list[Said] = field(default_factory=list)
    _numbers: int = 0
    _turn: threading.RLock = field(default_factory=threading.RLock)
    _clients: dict[str, Client] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 - a test's dice
        self.contracts = {name: load(contracts_root() / "wsdl" / "cut" / f"{name}.wsdl") for name in _OBJECTS}

    # ── what it is told ──────────────────────────────────────────────────────────────────────────────────────────────

    def receive(self, request: Request) -> etree._Element:
        """Take a delivery: known ones are answered and change nothing."""
        service = next(name for name, operation in _OBJECTS.items() if operation == request.operation.name)
        list_ = next(each for each in request.body if each.tag == _LISTS[service])
        number = request.body.findtext("{*}Message_spcId", "")
        with self._turn:
            habit = self._habit_of(number)
            if habit is Habit.REFUSES:
                raise Fault(FaultCode.SERVER, "busy")
            for record in list_:
                root = _place(record)
                if int(number) not in self.seen[root]:
                    self.seen[root].append(int(number))
                    self._apply(record)
            if habit is Habit.LOSES:
                raise Fault(FaultCode.SERVER, "the answer is lost")
        return _answer(self.contracts[service], request)

    def _habit_of(self, number: str) -> Habit | None:
        """Draw a habit when a message comes for the first time."""
        if number in self._refused:
            return None
        self._refused.add(number)
        habit = random.Random(f"{self.seed}:{number}").choice([None, None, None, Habit.REFUSES, Habit.LOSES])  # noqa: S311 - a test's dice
        if habit is not None:
            self.habits[habit] += 1
        return habit

    def _apply(self, instance: etree._Element) -> None:
        known = self.places.setdefault(_place(instance), {})
        for each in instance:
            if len(each):
                for child in each:
                    self._apply(child)
            else:
                known[etree.QName(each).localname] = each.text or ""

    # ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────────

    def edit(self, service: str, path: tuple[Place, ...], name: str, value: str) -> None:
        """Change a field; it is said later. Now and then the whole instance is said, with what has not changed."""
        with self._turn:
            self._numbers += 1
            instance = self.places[path[-1]]
            instance[name] = value
            last = self.seen[path[0]]
            whole = self._dice.random() < 0.4
            fields = {key: text for key, text in instance.items() if key in _SAYS[path[-1][0]]} if whole else {}
            message_id = f"{self.name}-{self._numbers}"
            said = Said(service, path, fields | {name: value}, message_id, str(last[-1]) if last else "")
            self._unsaid[path[0]].append(said)

    def all_said(self) -> bool:
        """Tell whether the gateway has all its edits."""
        with self._turn:
            return not any(self._unsaid.values())

    def say(self, gateway: str) -> bool:
        """Say the next edit of any record, and perhaps an old one; whether the gateway took it."""
        with self._turn:
            waiting = sorted(root for root, unsaid in self._unsaid.items() if unsaid)
            if not waiting:
                return True
            root = self._dice.choice(waiting)
            said, dug_up = self._unsaid[root][0], self._dice.choice(self._old) if self._old else None
            repeats, digs = (self._dice.random() < 0.25 for _ in range(2))
        taken = self._call(gateway, said)
        if taken:
            with self._turn:
                self._unsaid[root].popleft()
                self._old.append(said)
            if repeats:
                self._again(gateway, said, Habit.REPEATS)
            if digs and dug_up is not None:
                self._again(gateway, dug_up, Habit.DIGS_UP)
        return taken

    def _again(self, gateway: str, said: Said, habit: Habit) -> None:
        if self._call(gateway, said):
            with self._turn:
                self.habits[habit] += 1

    def _call(self, gateway: str, said: Said) -> bool:
        client = self._clients.setdefault(
            said.service, Client(self.contracts[said.service], f"{gateway}/services/{said.service}", timeout=_TIMEOUT)
        )
        with suppress(Unreachable, NoAnswer, RemoteFault):
            client.call(_OBJECTS[said.service], self._words(said))
            return True
        return False

    def _words(self, said: Said) -> etree._Element:
        contract = self.contracts[said.service]
        body = etree.Element(contract.operation(_OBJECTS[said.service]).input)
        list_ = etree.SubElement(body, _LISTS[said.service])
        namespace, container = etree.QName(list_).namespace, list_
        for component, row_id in said.path:
            if container is not list_:
                container = etree.SubElement(container, f"{{{namespace}}}ListOf{component}")
            container = etree.SubElement(container, f"{{{namespace}}}{component}")
            etree.SubElement(container, f"{{{namespace}}}{_KEYS[component]}").text = row_id
        for name in sorted(said.fields, key=_SAYS[said.path[-1][0]].index):
            etree.SubElement(container, f"{{{namespace}}}{name}").text = said.fields[name]
        told = {
            "Message_spcId": said.message_id,
            "Source_spcSystem": self.name,
            "Last_spcMessage_spcId": said.last_seen,
        }
        for name, text in told.items():
            if text:
                etree.SubElement(body, f"{{{contract.namespace}}}{name}").text = text
        return body


_SAYS = {
    "Account": ("Name", "EmailAddress", "MainPhoneNumber"),
    "CutAddress": ("StreetAddress", "City", "PostalCode"),
    "AssetMgmt-Asset": ("SerialNumber",),
}
"""What it may say of each component, in the order of the schemas."""


@contextmanager
def open_for(partner: Partner, port: int) -> Iterator[str]:
    """Let a partner be told things at ``port``, for the length of the block."""

    def refuse(request: Request) -> etree._Element:
        raise Fault(FaultCode.CLIENT, f"nobody calls {request.operation.name} here")

    services = [
        Service(
            contract,
            {
                operation.name: partner.receive if operation.name == _OBJECTS[name] else refuse
                for operation in contract.operations
            },
        )
        for name, contract in partner.contracts.items()
    ]
    with running(lambda url: application(services, public_url=url), port=port, threads=8) as address:
        yield address


def _place(instance: etree._Element) -> Place:
    component = etree.QName(instance).localname
    return component, instance.findtext(f"{{*}}{_KEYS.get(component, 'Id')}", "")


def _answer(contract: Contract, request: Request) -> etree._Element:
    answer = etree.Element(request.operation.output or "")
    for name in ("Error_spcCode", "Error_spcMessage", "Object_spcId"):
        etree.SubElement(answer, f"{{{contract.namespace}}}{name}").text = ""
    return answer
