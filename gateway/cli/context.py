"""What every command starts from: the settings, and the gateway built from them when a command needs it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

import typer

from gateway.bootstrap import Gateway, build
from gateway.config import Settings


@dataclass
class Session:
    """One run of `o2c`; ``config_file`` is the settings file that was named on the command line."""

    settings: Settings
    config_file: Path | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """What a child process is told on its command line, so that it reads the same settings."""
        return () if self.config_file is None else ("--config", str(self.config_file))

    @cached_property
    def gateway(self) -> Gateway:
        """The gateway, its database brought up to date."""
        return build(self.settings)

    def close(self) -> None:
        """Let go of what the command has opened."""
        if "gateway" in self.__dict__:
            self.gateway.close()


def session(context: typer.Context) -> Session:
    """Return the run a command belongs to."""
    return cast("Session", context.obj)
