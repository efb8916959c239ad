"""What is attacked: the gateway and the simulators, each over each server, in processes of their own.

One order is billed beforehand. Sending it again is the good request of the gateway: it is answered from the ledger,
with the same bytes, by a service that reads, validates and looks up like for any other order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.messaging.time import SystemClock
from soapkit.catalog import Contract, contracts_root, load
from soapkit.limits import Limits
from tests.acceptance.answers import BILLING, wrapped
from tests.acceptance.orders import Customer, ebm, mobile
from tests.acceptance.processes import environment
from tests.acceptance.site import PRODUCTS, Brm, Site, eventually, wire
from tests.attacks.guarded import Guarded
from tests.attacks.processes import answering_process, is_alive
from tests.attacks.wire import Reply, post, send
from tests.brm_sim.simulator import TOKEN
from tests.serving.servers import KINDS, running_server

PUBLIC = "https://edge.example"
"""What published documents may call a service; where it really listens is nobody's business."""
GATEWAY, BRM, GUARDED, SIEBEL, CUT = "gateway", "brm", "guarded", "siebel", "cut"
"""``guarded`` is a gateway that asks callers who they are, ``cut`` the gateway's workflows over a Siebel."""
PRODUCTS_AND_SERVERS = [(product, kind) for product in (GATEWAY, BRM, SIEBEL) for kind in KINDS]
_OF_GATEWAY = ("abcs", "cut", "events")
FOLDERS = {GATEWAY: _OF_GATEWAY, GUARDED: _OF_GATEWAY, CUT: _OF_GATEWAY, BRM: ("brm",), SIEBEL: ("siebel",)}
"""Where below ``wsdl`` the contracts are that a product serves."""
CANARY = "Canary-Jones-7731"
"""Data of another caller: it must not appear in any answer to an attack."""
_GATEWAY = "gateway.cli.run:from_environment"
_TARGETS = {GATEWAY: _GATEWAY, GUARDED: _GATEWAY, CUT: _GATEWAY}
_TARGETS |= {BRM: "brm_sim.server:from_environment", SIEBEL: "siebel_sim.server:from_environment"}
_PLACE = {"threads": 8, "max_bytes": Limits().max_bytes, "max_seconds": 5}
"""What the products tell their servers by default, but for the patience."""
_SERVICES = {GATEWAY: BILLING, GUARDED: BILLING, CUT: "CUTAccount"}
_SERVICES |= {BRM: "BRMBaseServices_v2", SIEBEL: "CUTSampleAccount"}
_SUBSCRIBERS = """
[cut.subscribers.BILLING_01]
brm = "BRM_01"
[cut.subscribers.CRM_01]
queue = "CRM_QUEUE"
two_way = true
"""
_LOOPBACK = (
    b'<pcmOpTestLoopback xmlns="http://xmlns.oracle.com/BRM/schemas/BusinessOpcodes"><PCM_OP_TEST_LOOPBACK_inputFlist>'
    b"<POID>0.0.0.1 /account 1 0</POID><LOGIN>%s</LOGIN></PCM_OP_TEST_LOOPBACK_inputFlist></pcmOpTestLoopback>"
)
_ACCOUNT = (  # without the canary: whoever asks Siebel for accounts is given them
    b'<CUTSampleAccountInsertOrUpdate_Input xmlns="http://siebel.com/asi/"><ListOfCutSampleAccountIo '
    b'xmlns="http://www.siebel.com/xml/CUT%20Sample%20Account%20IO"><Account><IntegrationId>10001</IntegrationId>'
    b"<Name>Jones</Name></Account></ListOfCutSampleAccountIo></CUTSampleAccountInsertOrUpdate_Input>"
)
_GET = (
    b"<CUTGetAccountData_Input xmlns=\"http://siebel.com/CustomUI\"><SearchSpec>[Integration Id] = '10001'</SearchSpec>"
    b"</CUTGetAccountData_Input>"
)


@dataclass(frozen=True, slots=True)
class Target:
    """A service of a product behind a server; ``good`` is the body of a request that it serves.

    What its process says goes to the file ``said``; ``request`` writes the good request.
    """

    product: str
    kind: str
    url: str
    pid: int
    service: str
    good: bytes
    said: Path
    request: Callable[[], bytes]

    @property
    def path(self) -> str:
        """Where the service is."""
        return f"/services/{self.service}"

    @property
    def contract(self) -> Contract:
        """The published contract of the service."""
        return contract_of(self.product, self.service)

    def serve(self) -> Reply:
        """Send the good request."""
        return send(self.url, self.request())

    def still_serves(self) -> None:
        """Check that the next good request is served, by the same process."""
        reply = self.serve()
        assert reply.status == 200, str(reply)
        assert is_alive(self.pid), "another process has taken over"


@dataclass
class Landscape:
    """Targets, started when they are first asked for, and again after an attack has ended one."""

    directory: Path
    order: bytes = b""
    brm_url: str = ""
    guarded: Guarded = field(init=False)
    customer: Customer = field(init=False)
    _stack: ExitStack = field(default_factory=ExitStack)
    _targets: dict[tuple[str, str], Target] = field(default_factory=dict)
    _guarded_environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.guarded = Guarded(self.directory)

    def target(self, product: str, kind: str) -> Target:
        """Give a target that runs."""
        found = self._targets.get((product, kind))
        if found is None or not is_alive(found.pid):
            found = self._targets[product, kind] = self._started(product, kind)
        return found

    def bill_an_order(self) -> None:
        """Have BRM and the cross-references know a customer, and an order be billed for it."""
        gateway = self.target(GATEWAY, "waitress")
        wired = wire(self.directory, self.brm_url, SystemClock())
        site = Site(wired, gateway.url, Brm(self.brm_url), SystemClock(), self.directory)
        for common, poid in PRODUCTS.items():
            site.know("ITEM_ITEMID", common, f"0.0.0.1 {poid}")
        number, self.customer = site.number(), site.customer()
        order = ebm(mobile(number, self.customer))
        self.order = order.replace(b"Ada Jones", CANARY.encode()).partition(b"?>")[2]
        site.bill(self.order)
        wired.close()
        self._targets = {at: each for at, each in self._targets.items() if each.product != GATEWAY}

    def _started(self, product: str, kind: str) -> Target:
        served = self._stack.enter_context(
            running_server(kind, _TARGETS[product], environment=self._environment(product), **_PLACE)
        )
        eventually(lambda: _answers(served.url))
        service = _SERVICES[product]
        good = {BRM: _LOOPBACK % CANARY.encode(), SIEBEL: _ACCOUNT, CUT: _GET}.get(product, self.order)
        pid = answering_process(served.pid, kind)
        return Target(product, kind, served.url, pid, service, good, served.said, self._request(product, service, good))

    def _request(self, product: str, service: str, good: bytes) -> Callable[[], bytes]:
        path = f"/services/{service}"
        if product == GUARDED:
            return lambda: self.guarded.request(path, good.decode().strip())
        return lambda: post(path, wrapped(good))

    def _environment(self, product: str) -> dict[str, str]:
        if product == BRM:
            state = f"sqlite:///{self.directory / 'brm.sqlite'}"
            return {"BRM_SIM_URL": state, "BRM_SIM_PUBLIC_URL": PUBLIC, "BRM_SIM_CONTROL_TOKEN": TOKEN}
        if product == SIEBEL:
            state = f"sqlite:///{self.directory / 'siebel.sqlite'}"
            return {"SIEBEL_SIM_URL": state, "SIEBEL_SIM_PUBLIC_URL": PUBLIC, "SIEBEL_SIM_CONTROL_TOKEN": TOKEN}
        known = {
            "O2C_GATEWAY__DATABASE": f"sqlite:///{self.directory / 'gateway.sqlite'}",
            "O2C_GATEWAY__PUBLIC_URL": PUBLIC,
            "O2C_BRM__BRM_01__URL": self.brm_url,
            "O2C_SIEBEL__SEBL_01__URL": self.target(SIEBEL, "waitress").url,
        }
        (self.directory / "o2c.toml").write_text(_SUBSCRIBERS, encoding="utf-8")
        if product == GUARDED and not self._guarded_environment:
            self._guarded_environment.update(self.guarded.prepare(environment(self.directory, **known)))
        return self._guarded_environment if product == GUARDED else environment(self.directory, **known)

    def close(self) -> None:
        """End all processes."""
        self._stack.close()


def contracts_of(product: str) -> list[Contract]:
    """Give the contracts that a product serves."""
    root = contracts_root()
    found = (path for folder in FOLDERS[product] for path in sorted((root / "wsdl" / folder).glob("*.wsdl")))
    return [load(path.relative_to(root)) for path in found]


def contract_of(product: str, service: str) -> Contract:
    """Give one of them, by the name of its service."""
    return next(each for each in contracts_of(product) if each.name == service)


def _answers(url: str) -> bool:
    try:
        return send(url, b"GET /services/ HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\r\n").status in (200, 401)
    except (ConnectionError, TimeoutError):
        return False


@contextmanager
def landscape(directory: Path) -> Iterator[Landscape]:
    """Run gateway and simulator until the end of the block."""
    made = Landscape(directory)
    try:
        made.brm_url = made.target(BRM, "waitress").url
        made.bill_an_order()
        yield made
    finally:
        made.close()
