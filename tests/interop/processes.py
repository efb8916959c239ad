"""Gateway and simulators as processes of their own, on free ports, with one customer synchronised and one in Siebel.

Partners reach each of them through a recorder, which is the public URL that its contracts say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.vault import new_key
from gateway.admin import Admin
from gateway.bootstrap import build
from gateway.cli.processes import Program, free_port, running
from gateway.config import load
from gateway.demo import customers
from tests.interop import siebel
from tests.interop.places import Running, Site
from tests.interop.recorder import recording

BRM = "BRM_01"
CUSTOMER = customers.CUSTOMERS[0]
SETTINGS = """[gateway]
port = {gateway}
public_url = "{public}"
database = "sqlite:///{state}/gateway.sqlite"
[brm.BRM_01]
url = "{brm}"
[siebel.SEBL_01]
url = "{siebel}"
[cut.subscribers.INTEROP]
queue = "INTEROP"
objects = ["Trouble Ticket"]
[cut.subscribers.SYNC]
brm = "BRM_01"
"""
GUARDED = """[security]
policy = "username"
secret_key = "{key}"
"""


@dataclass(frozen=True, slots=True)
class Guard:
    """The one user that the gateway knows."""

    user: str
    password: str


@contextmanager
def started(state: Path, recorded: Path, *, guard: Guard | None = None) -> Iterator[Running]:
    """Start all, make the customer in BRM and the cross-references in the gateway, fill Siebel; stop all in the end.

    What partners say, and hear, is kept in the directory ``recorded``, what the gateway says itself in ``own`` below.
    With a ``guard`` the gateway asks its callers for a user name and password.
    """
    ports = {name: free_port() for name in ("gateway", "brm", "siebel")}
    with ExitStack() as stack:
        public = {name: stack.enter_context(_before(port, recorded)) for name, port in ports.items()}
        own = {name: stack.enter_context(_before(ports[name], recorded / "own")) for name in ("brm", "siebel")}
        settings = state / "o2c.toml"
        written = SETTINGS.format(gateway=ports["gateway"], state=state, public=public["gateway"], **own)
        settings.write_text(written + (GUARDED.format(key=new_key()) if guard else ""))
        stack.enter_context(running(_programs(state, settings, ports, public)))
        gateway = build(load(settings))
        if guard:
            gateway.users.add(guard.user, password=guard.password, digest=True)
        made = customers.create(gateway.brms[BRM], [CUSTOMER])
        gateway.admin.load_xref([*made, *customers.products(BRM)])
        names = {
            "account": CUSTOMER.account,
            "billing_profile": CUSTOMER.billing_profile,
            "account_poid": made[0].value,
            **siebel.seed(f"http://127.0.0.1:{ports['siebel']}"),
        }
        at = {name: Site(url) for name, url in public.items()}
        yield Running(**at, names=names, queued=lambda name: _payloads(gateway.admin, name))


@contextmanager
def _before(port: int, recorded: Path) -> Iterator[str]:
    with recording(recorded) as (recorder, url):
        recorder.product = f"http://127.0.0.1:{port}"
        yield url


def _programs(state: Path, settings: Path, ports: Mapping[str, int], public: Mapping[str, str]) -> list[Program]:
    at = {name: f"http://127.0.0.1:{port}/services/" for name, port in ports.items()}
    simulated = {
        "BRM_SIM_PORT": str(ports["brm"]),
        "BRM_SIM_URL": f"sqlite:///{state}/brm.sqlite",
        "BRM_SIM_PUBLIC_URL": public["brm"],
        "BRM_SIM_CONTROL_TOKEN": "of-no-use-here",  # nothing here controls the simulator
    }
    siebels = {
        "SIEBEL_SIM_PORT": str(ports["siebel"]),
        "SIEBEL_SIM_URL": f"sqlite:///{state}/siebel.sqlite",
        "SIEBEL_SIM_PUBLIC_URL": public["siebel"],
        "SIEBEL_SIM_CONTROL_TOKEN": siebel.CONTROL_TOKEN,
    }
    return [
        Program("brm_sim", "brm_sim", (), simulated, at["brm"], state / "brm.log"),
        Program("siebel_sim", "siebel_sim", (), siebels, at["siebel"], state / "siebel.log"),
        Program("gateway", "gateway", ("serve",), {"O2C_CONFIG": str(settings)}, at["gateway"], state / "gateway.log"),
    ]


def _payloads(admin: Admin, queue: str) -> list[bytes]:
    return [admin.payload(message.intake) for message in admin.messages(queue)]
