"""The opcodes' specifications, derived from the contracts, and the check of every call's input and output against them.

An input may give its fields in any order; they are put in the published order. What is wrong with it is said in an
ErrorBuffer. An output that is wrong is the simulator's own mistake: InvalidAnswer.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

from lxml import etree

from brm_sim import fields, flist_xml, scalars
from brm_sim.errors import Errno, ErrorBuffer, Location
from brm_sim.flist import Array, Flist, Value
from brm_sim.shapes import NAMESPACE, FieldSpec, FieldType, Shape
from soapkit.catalog import Contract, load
from soapkit.faults import InvalidAnswer

_PREFIX = f"{{{NAMESPACE}}}"
_FLAGS = _PREFIX + "flags"


@dataclass(frozen=True, slots=True)
class OpcodeSpec:
    """One opcode: its name (``PCM_OP_…``), the operation that calls it, and the shapes of its flists."""

    opcode: str
    operation: str
    input: Shape
    output: Shape

    def normalise(self, body: etree._Element) -> None:
        """Put flags, and the fields of the input flist at any depth, in the published order.

        Raises ErrorBuffer BAD_FIELD_NAME for an unknown field, MISSING_ARG for one that is missing.
        """
        flags, flist = body.find(_FLAGS), self._flist(body)
        if flags is not None:
            body.insert(0, flags)
        _arrange(flist, self.input)

    def read(self, body: etree._Element) -> tuple[int, Flist]:
        """Give the flags and the input flist of a call; ErrorBuffer BAD_TYPE, BAD_VALUE or BAD_ARG for a bad value."""
        given = body.find(_FLAGS)
        flags = 0 if given is None else scalars.read(FieldType.INT, given.text or "", "FLAGS")
        return flags if isinstance(flags, int) else 0, self.checked(flist_xml.decode(self._flist(body), self.input))

    def checked(self, flist: Flist) -> Flist:
        """Give an input flist in the published order; ErrorBuffer for what is missing, unknown or of another type."""
        return _checked(flist, self.input)

    def answer(self, flist: Flist) -> etree._Element:
        """Word an answer; InvalidAnswer when the output flist is not as the contract says."""
        try:
            inner = flist_xml.encode(f"{self.opcode}_outputFlist", _checked(flist, self.output))
        except (ErrorBuffer, ValueError) as error:
            raise InvalidAnswer(f"{self.opcode} made a wrong output flist: {error}") from error
        answer = etree.Element(f"{_PREFIX}{self.operation}Response", nsmap=flist_xml.NSMAP)
        answer.append(inner)
        return answer

    def _flist(self, body: etree._Element) -> etree._Element:
        name = f"{self.opcode}_inputFlist"
        found = body.findall(_PREFIX + name)
        others = [node for node in body if node.tag not in (_FLAGS, _PREFIX + name)]
        if len(found) != 1 or others or len(body.findall(_FLAGS)) > 1:
            raise _refused(Errno.BAD_ARG, f"{self.operation} takes flags and one {name}, nothing else", None)
        return found[0]


@dataclass(frozen=True, slots=True)
class Registry:
    """Every opcode of the contracts, whether simulated or not."""

    contracts: tuple[Contract, ...]
    by_operation: Mapping[str, OpcodeSpec]
    by_opcode: Mapping[str, OpcodeSpec]


@lru_cache(maxsize=1)
def registry() -> Registry:
    """Read the contracts, once per process."""
    contracts = tuple(load(path) for path in fields.contracts())
    names = [operation.name for contract in contracts for operation in contract.operations]
    specs = [_spec(name) for name in names]
    return Registry(
        contracts,
        MappingProxyType({spec.operation: spec for spec in specs}),
        MappingProxyType({spec.opcode: spec for spec in specs}),
    )


def _spec(operation: str) -> OpcodeSpec:
    name, taken = fields.schemas().call(operation)
    _, given = fields.schemas().call(f"{operation}Response")
    return OpcodeSpec(name.removesuffix("_inputFlist"), operation, taken, given)


def _arrange(parent: etree._Element, shape: Shape) -> None:
    """Sort the children by the shape's order, stably, and those inside them."""
    specs = [flist_xml.field_spec(node, shape) for node in parent]
    _refuse_missing({spec.name for spec in specs}, shape)
    ranks = [shape.order.get(spec.name, len(shape.order)) for spec in specs]
    if any(later < earlier for earlier, later in pairwise(ranks)):
        # moved one by one: lxml takes quadratic time to take a large element out and put it in again
        parent.extend(node for _, node in sorted(zip(ranks, list(parent), strict=True), key=lambda pair: pair[0]))
    for node in parent:
        inner = flist_xml.field_spec(node, shape).shape
        if inner is not None and not inner.open:
            _arrange(node, inner)


def _checked(flist: Flist, shape: Shape) -> Flist:
    """Give ``flist`` in the shape's order; ErrorBuffer for what is missing, unknown or of another type."""
    _refuse_missing(flist.keys(), shape)
    last = len(shape.order)
    names = sorted(flist, key=lambda name: shape.order.get(name, last))
    return {name: _checked_value(flist_xml.known(name, shape), flist[name]) for name in names}


def _checked_value(spec: FieldSpec, value: Value | Flist | Array) -> Value | Flist | Array:
    if spec.shape is None or not isinstance(value, dict):
        if isinstance(value, dict) or spec.type.nested or not scalars.fits(spec.type, value):
            raise _refused(Errno.BAD_TYPE, f"The value of {spec.name} is not of type {spec.type}", spec.name)
        return value
    if isinstance(value, Array) is not (spec.type is FieldType.ARRAY):
        raise _refused(Errno.BAD_TYPE, f"The value of {spec.name} is not of type {spec.type}", spec.name)
    if isinstance(value, Array):
        return Array({index: _checked(element, spec.shape) for index, element in value.items()})
    return _checked(value, spec.shape)


def _refuse_missing(given: Container[str], shape: Shape) -> None:
    for spec in shape.fields.values():
        if spec.required and spec.name not in given:
            text = f"The field {spec.name} is missing"
            raise ErrorBuffer(Errno.MISSING_ARG, text, field=spec.name, location=Location.FM)


def _refused(errno: Errno, text: str, field: str | None) -> ErrorBuffer:
    return ErrorBuffer(errno, text, field=field, location=Location.PCM)
