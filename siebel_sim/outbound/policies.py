"""Workflow policies: which changes of which records start which workflow. Read from TOML files.

``policies.toml`` beside this module has those that there are anyway. A file of one's own adds to them, replaces those
of the same name, or with ``defaults = false`` all of them:

    defaults = true
    [[policies]]
    workflow = "CUT Send Trouble Ticket Data"
    business_component = "Service Request"
    on = "write"
    condition = "[Ticket Type] = 'Back Office'"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from siebel_sim.errors import SiebelError
from siebel_sim.search import read_search

_DEFAULTS = Path(__file__).with_name("policies.toml")


class PolicyError(ValueError):
    """A policy cannot be; the text says which, and why."""


class On(StrEnum):
    """What has to happen to the root record."""

    INSERT = "insert"
    UPDATE = "update"
    WRITE = "write"


class Policy(BaseModel):
    """One policy; see ``policies.toml`` for what its parts mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workflow: str = Field(min_length=1)
    business_component: str = Field(min_length=1)
    on: On = On.WRITE
    condition: str = ""
    name: str = Field("", max_length=200, pattern="^[^/]*$")

    @field_validator("condition")
    @classmethod
    def _is_a_specification(cls, value: str) -> str:
        try:
            read_search(value)
        except SiebelError as error:
            raise ValueError(str(error)) from error
        return value

    @property
    def called(self) -> str:
        """Its name: its workflow's, unless it has one of its own."""
        return self.name or self.workflow


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    defaults: bool = True
    policies: tuple[Policy, ...] = ()


Policies = Mapping[str, Policy]
"""Policies by name, in the order in which they are tried."""


def read_policies(file: Path | None = None) -> Policies:
    """Give the default policies, with what ``file`` says. Raises PolicyError for a file that cannot be read."""
    said = _File() if file is None else _read(file)
    defaults = {each.called: each for each in _read(_DEFAULTS).policies} if said.defaults else {}
    return defaults | _named(said, file)


def _named(said: _File, file: Path | None) -> dict[str, Policy]:
    named = {each.called: each for each in said.policies}
    if len(named) != len(said.policies):
        raise PolicyError(f"{file and file.name}: two policies have one name")
    return named


def _read(file: Path) -> _File:
    try:
        return _File.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"{file.name}: {error}") from error
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise PolicyError(f"{file.name}: {told}") from error
