"""The field dictionary: every field's number and type.

Types come from the opcodes' XSDs; ``fields.toml`` has the numbers, and the types of fields seen in stored objects only.
Numbers are the simulator's own: clients go by name, and a number shows in FIELD_NUM and nowhere else.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from brm_sim.shapes import FieldType, Schemas, Shape
from soapkit.catalog import contracts_root, load

CUSTOM = ("O2C_FLD_",)
"""Prefixes of custom fields, which keep their whole name everywhere."""


@lru_cache(maxsize=1)
def schemas() -> Schemas:
    """Read the XSDs of the opcodes, once per process."""
    return Schemas(contracts_root() / "xsd" / "brm")


@lru_cache(maxsize=1)
def contracts() -> tuple[Path, ...]:
    """Find the WSDLs of the service groups."""
    return tuple(sorted((contracts_root() / "wsdl" / "brm").glob("*.wsdl")))


@lru_cache(maxsize=1)
def shapes() -> Mapping[str, tuple[Shape, Shape]]:
    """Opcode → the shapes of its input and output flist."""
    found = {}
    for path in contracts():
        for operation in load(path).operations:
            name, taken = schemas().call(_local(operation.input))
            _, given = schemas().call(_local(operation.output or ""))
            found[name.removesuffix("_inputFlist")] = (taken, given)
    return found


@lru_cache(maxsize=1)
def _file() -> dict[str, dict[str, Any]]:
    text = files("brm_sim").joinpath("fields.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text))


@lru_cache(maxsize=1)
def types() -> Mapping[str, FieldType]:
    """Field name (without ``PIN_FLD_``) → type; ValueError when the XSDs disagree with one another or with the file."""
    found = {name: FieldType(entry["type"]) for name, entry in _file().items() if "type" in entry}
    for taken, given in shapes().values():
        for spec in (*taken.walk(), *given.walk()):
            if found.setdefault(spec.name, spec.type) is not spec.type:
                raise ValueError(f"{spec.name} is both {found[spec.name]} and {spec.type}")
    return found


def number_of(name: str) -> int:
    """Give the number of a field named without ``PIN_FLD_``; KeyError for a field nobody declared."""
    return int(_file()[name]["number"])


def full_name(name: str) -> str:
    """Give the name as BRM prints it: ``PIN_FLD_POID``, ``O2C_FLD_COMMON_ID``."""
    return name if name.startswith(CUSTOM) else f"PIN_FLD_{name}"


def short_name(name: str) -> str:
    """Give the name as flists hold it: without ``PIN_FLD_``."""
    return name.removeprefix("PIN_FLD_")


def _local(clark: str) -> str:
    return clark.rpartition("}")[2]
