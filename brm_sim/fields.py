"""The field dictionary: every field's number and type.

Numbers stand in ``fields.toml``; a type comes from the opcodes' XSDs, or from that file for fields seen in stored
objects only. Numbers are the simulator's own: clients go by name, and a number shows in FIELD_NUM and nowhere else.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    return tomllib.loads(files("brm_sim").joinpath("fields.toml").read_text(encoding="utf-8"))


def number_of(name: str) -> int:
    """Give the number of a field named without ``PIN_FLD_``; KeyError for a field nobody declared."""
    return int(_file()["numbers"][name])
