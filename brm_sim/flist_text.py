"""The text form of flists, as testnap prints and loads it.

    # number of field entries allocated 20, used 2
    0 PIN_FLD_POID             POID [0] 0.0.0.1 /account 41343 9
    0 PIN_FLD_ACCTINFO        ARRAY [0] allocated 20, used 1
    1     PIN_FLD_CURRENCY      INT [0] 840

A line is ``level NAME TYPE [element id] value``. Text and bytes stand in double quotes, with backslash escapes; a null
value, array element or substruct is ``NULL``, and any element ``[*]``.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from brm_sim import fields, scalars
from brm_sim.errors import Errno, ErrorBuffer, Location
from brm_sim.flist import ANY_ELEMENT, Array, Flist, Poid, Value
from brm_sim.shapes import FieldType

_LINE = re.compile(
    r"(?P<level>\d+)\s+(?P<name>[A-Z][A-Z0-9_]*)\s+(?P<type>[A-Z]+)\s+\[(?P<elem>\d+|\*)\]\s?(?P<value>.*)"
)
_TSTAMP = re.compile(r"\((-?\d+)\).*")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|.)")
_SPECIAL = re.compile(r'[\\"\x00-\x1f\x7f\x85\u2028\u2029]')
_UNESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_NULL = "NULL"
_GUESSES: dict[type, FieldType] = {
    int: FieldType.INT,
    Decimal: FieldType.DECIMAL,
    datetime: FieldType.TSTAMP,
    Poid: FieldType.POID,
    bytes: FieldType.BUF,
}
_NAME_WIDTH = 22


def dumps(flist: Flist) -> str:
    """Print a flist, the header line first."""
    return "\n".join((f"# number of field entries allocated {_allocated(flist)}", *_lines(flist, 0))) + "\n"


def loads(text: str) -> Flist:
    """Read a flist; lines that begin with ``#`` and empty ones are skipped. ErrorBuffer BAD_ARG for any other line."""
    given = (line.strip() for line in text.split("\n"))
    lines = deque(_Line.read(line) for line in given if line and not line.startswith("#"))
    flist = _take(lines, 0)
    if lines:
        raise _bad(f"level {lines[0].level} does not follow", lines[0].name)
    return flist


@dataclass(frozen=True, slots=True)
class _Line:
    level: int
    name: str
    type: FieldType
    elem: int
    value: str

    @classmethod
    def read(cls, line: str) -> _Line:
        match = _LINE.fullmatch(line)
        if match is None or match["type"] not in FieldType.__members__:
            raise _bad("a line is not 'level NAME TYPE [element] value'", None)
        elem = ANY_ELEMENT if match["elem"] == "*" else int(match["elem"])
        return cls(
            int(match["level"]), fields.short_name(match["name"]), FieldType(match["type"]), elem, match["value"]
        )


def _take(lines: deque[_Line], level: int) -> Flist:
    """Take the fields of one level off ``lines``; what is left begins on a lower level, or on one too high."""
    flist: Flist = {}
    while lines and lines[0].level == level:
        line = lines.popleft()
        _put(flist, line, _take(lines, level + 1) if line.type.nested else _scalar(line))
    return flist


def _put(flist: Flist, line: _Line, value: Value | Flist) -> None:
    if line.type is FieldType.ARRAY and isinstance(value, dict):
        array = flist.setdefault(line.name, Array())
        if isinstance(array, Array) and line.elem not in array:
            array[line.elem] = value
            return
    elif line.name not in flist:
        flist[line.name] = value
        return
    raise _bad(f"{line.name} is given twice", line.name)


def _scalar(line: _Line) -> Value:
    if line.value == _NULL:
        return None
    if line.type is FieldType.TSTAMP:
        return _read_tstamp(line)
    quoted = line.type in (FieldType.STR, FieldType.BUF, FieldType.BINSTR)
    return scalars.read(line.type, _unquoted(line) if quoted else line.value, line.name)


def _read_tstamp(line: _Line) -> datetime:
    match = _TSTAMP.fullmatch(line.value)
    if match is None:
        raise _bad(f"{line.name} is not '(seconds) date'", line.name)
    try:
        return scalars.moment(int(match[1]))
    except OverflowError as error:
        raise _bad(f"{line.name} is beyond the calendar", line.name) from error


def _unquoted(line: _Line) -> str:
    if not (len(line.value) > 1 and line.value[0] == line.value[-1] == '"'):
        raise _bad(f"the value of {line.name} is not in quotes", line.name)
    return _ESCAPED.sub(_unescape, line.value[1:-1])


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _UNESCAPES.get(code, code)


def _lines(flist: Flist, level: int) -> Iterator[str]:
    for name, value in flist.items():
        if isinstance(value, dict):
            kind = FieldType.ARRAY if isinstance(value, Array) else FieldType.SUBSTRUCT
            elements = value if isinstance(value, Array) else {0: value}
            for elem, element in elements.items():
                yield from _nested(name, kind, elem, element, level)
        else:
            type_ = fields.types().get(name) or _GUESSES.get(type(value), FieldType.STR)
            yield _line(level, name, type_, 0, _printed(type_, value))


def _nested(name: str, type_: FieldType, elem: int, flist: Flist, level: int) -> Iterator[str]:
    yield _line(level, name, type_, elem, f"allocated {_allocated(flist)}" if flist else _NULL)
    yield from _lines(flist, level + 1)


def _line(level: int, name: str, type_: FieldType, elem: int, value: str) -> str:
    number = "*" if elem == ANY_ELEMENT else elem
    return f"{level} {'    ' * level}{fields.full_name(name):<{_NAME_WIDTH}} {type_:>9} [{number}] {value}"


def _allocated(flist: Flist) -> str:
    used = sum(len(value) if isinstance(value, Array) else 1 for value in flist.values())
    return f"{max(20, used)}, used {used}"


def _printed(type_: FieldType, value: Value) -> str:
    if value is None:
        return _NULL
    if isinstance(value, datetime):
        return f"({scalars.seconds(value)}) {value:%a %b} {value.day:2} {value:%H:%M:%S} {value.year}"
    if isinstance(value, bytes):
        return f'"{scalars.write(value, type_)}"'
    if isinstance(value, str) and type_ is FieldType.STR:
        return f'"{_SPECIAL.sub(_escape, value)}"'
    return scalars.write(value)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    return _ESCAPES.get(char) or (f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}")  # noqa: PLR2004 - one byte


def _bad(text: str, field: str | None) -> ErrorBuffer:
    return ErrorBuffer(Errno.BAD_ARG, f"Not a flist: {text}", field=field, location=Location.FLIST)
