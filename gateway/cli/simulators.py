"""The simulators as programs beside a gateway, each at the address that the settings give its system."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gateway.cli.processes import Program
from gateway.config import Settings

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Simulator:
    """A simulator, and the system that it stands in for.

    Its settings are variables that begin with ``prefix``; ``tells`` is the one that says where changes are told,
    ``further`` has others.
    """

    system: str
    name: str
    module: str
    prefix: str
    tells: str
    further: Mapping[str, str] = field(default_factory=dict)

    def url(self, settings: Settings) -> str:
        """Return where the settings say the system is; nothing when they do not know it."""
        brms = {name: each.url for name, each in settings.brm.items()}
        siebels = {name: each.url for name, each in settings.siebel.items()}
        return (brms | siebels).get(self.system, "")

    def is_here(self, settings: Settings) -> bool:
        """Tell whether the system is where a simulator can be started: on this machine, without TLS."""
        at = urlsplit(self.url(settings))
        return at.scheme == "http" and at.hostname in _LOOPBACK

    def token_file(self, state: Path) -> Path:
        """Return where the token of its control API is kept."""
        return state / f"{self.module.removesuffix('_sim')}-control.token"

    def program(self, settings: Settings, state: Path, log: Path | None = None) -> Program:
        """Return it as a program, with its state and the token of its control API in ``state``."""
        url = self.url(settings)
        address = urlsplit(url)
        variables = {
            "HOST": address.hostname or "127.0.0.1",
            "PORT": str(address.port or 80),
            "URL": f"sqlite:///{state / self.module.removesuffix('_sim')}.sqlite",
            "CONTROL_TOKEN": _token(self.token_file(state)),
            "LOG_LEVEL": settings.logging.level,
            "LOG_FORMAT": settings.logging.format,
            **self._told(settings),
            **self.further,
        }
        environment = {f"{self.prefix}_{name}": value for name, value in variables.items()}
        return Program(self.name, self.module, environment=environment, ready=f"{url}/services/", log=log)

    def _told(self, settings: Settings) -> Mapping[str, str]:
        """Return where changes are told: a Siebel's always, a BRM's only where it is kept in step."""
        in_step = any(each.brm == self.system for each in settings.cut.subscribers.values())
        return {self.tells: settings.here} if in_step or self.system in settings.siebel else {}


SIMULATORS = (
    Simulator("BRM_01", "BRM simulator", "brm_sim", "BRM_SIM", "PUBLISH_TO"),
    Simulator("SEBL_01", "Siebel simulator", "siebel_sim", "SIEBEL_SIM", "SEND_TO", {"SEED": "300"}),
)


def _token(path: Path) -> str:
    """Return the token in a file; made once, readable by its owner only."""
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    token = secrets.token_urlsafe(24)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(token)
    return token
