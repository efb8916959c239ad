"""Asks the control API of a simulator that runs."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
import urllib3

from siebel_sim.cli.output import Failed, reason
from siebel_sim.settings import Settings

_SECONDS = 30

Address = Annotated[str | None, typer.Option(help="Where the simulator is; what the settings say unless given.")]
TokenFile = Annotated[
    Path | None, typer.Option(help="File with the token of its control API; else SIEBEL_SIM_CONTROL_TOKEN.")
]


class Remote:
    """The control API at ``address``; what is not given is what the settings say. Failed when there is no token."""

    def __init__(self, address: str | None, token_file: Path | None) -> None:
        try:
            settings = Settings()
            told = settings.control_token.get_secret_value() if settings.control_token else ""
            token = told if token_file is None else token_file.read_text(encoding="ascii").strip()
        except (ValueError, OSError) as error:
            raise Failed(reason(error)) from error
        if not token:
            raise Failed("set SIEBEL_SIM_CONTROL_TOKEN to the token of the control API, or give --token-file")
        self._base = f"{(address or settings.address).rstrip('/')}/control"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._pool = urllib3.PoolManager(retries=False, timeout=_SECONDS)

    def ask(self, method: str, *path: str | int, body: Any = None, fields: dict[str, str] | None = None) -> Any:
        """Ask; the JSON value that is answered. Failed when it is refused, or nobody answers."""
        address = "/".join([self._base, *(quote(str(part), safe="") for part in path)])
        query = {"fields": fields} if fields else {"body": b"" if body is None else json.dumps(body).encode()}
        try:
            answer = self._pool.request(method, address, headers=self._headers, **query)
            value = json.loads(answer.data)
        except urllib3.exceptions.HTTPError as error:
            raise Failed(f"no simulator answers at {self._base}") from error
        except ValueError as error:
            raise Failed(f"what answers at {self._base} is no simulator") from error
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise Failed(value.get("error", f"HTTP {answer.status}"))
        return value
