"""Gateway and BRM simulator as processes of their own, on free ports, with one customer synchronised."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.admin import Admin
from gateway.bootstrap import build
from gateway.cli.processes import Program, free_port, running
from gateway.config import load
from gateway.demo import customers
from tests.interop.places import Customer, Running, Site

BRM = "BRM_01"
ORDERS = "AIA_CRTBO_OUT_JMSQ"
SYNCHRONISED = customers.CUSTOMERS[0]
SETTINGS = """[gateway]
port = {gateway}
database = "sqlite:///{state}/gateway.sqlite"
[brm.BRM_01]
url = "http://127.0.0.1:{brm}"
"""


@contextmanager
def started(state: Path) -> Iterator[Running]:
    """Start both, make the customer in BRM and the cross-references in the gateway; stop both in the end."""
    ports = {"gateway": free_port(), "brm": free_port()}
    settings = state / "o2c.toml"
    settings.write_text(SETTINGS.format(**ports, state=state))
    with running(_programs(state, settings, ports)):
        gateway = build(load(settings))
        made = customers.create(gateway.brms[BRM], [SYNCHRONISED])
        gateway.admin.load_xref([*made, *customers.products(BRM)])
        sites = {name: Site(f"http://127.0.0.1:{port}") for name, port in ports.items()}
        customer = Customer(SYNCHRONISED.account, SYNCHRONISED.billing_profile)
        yield Running(sites["gateway"], sites["brm"], customer, lambda: _payloads(gateway.admin))


def _programs(state: Path, settings: Path, ports: dict[str, int]) -> list[Program]:
    at = {name: f"http://127.0.0.1:{port}/services/" for name, port in ports.items()}
    simulated = {"BRM_SIM_PORT": str(ports["brm"]), "BRM_SIM_URL": f"sqlite:///{state}/brm.sqlite"}
    simulated["BRM_SIM_CONTROL_TOKEN"] = "of-no-use-here"  # noqa: S105 - nothing here controls the simulator
    return [
        Program("brm_sim", "brm_sim", (), simulated, at["brm"], state / "brm.log"),
        Program("gateway", "gateway", ("serve",), {"O2C_CONFIG": str(settings)}, at["gateway"], state / "gateway.log"),
    ]


def _payloads(admin: Admin) -> list[bytes]:
    return [admin.payload(message.intake) for message in admin.messages(ORDERS)]
