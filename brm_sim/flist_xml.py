"""The XML form of flists: element ↔ flist.

    <PCM_OP_X_inputFlist><POID>0.0.0.1 /account 41343 9</POID><SERVICES elem="0"><LOGIN/></SERVICES></…>

Types come from a shape where it names the field, else from the field dictionary. An empty element is a null value; the
XML form cannot tell an empty STR from a null one.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from brm_sim import fields, scalars
from brm_sim.errors import Errno, ErrorBuffer, Location
from brm_sim.flist import Array, Flist, Value
from brm_sim.shapes import NAMESPACE, OPEN, FieldSpec, FieldType, Shape

_PREFIX = f"{{{NAMESPACE}}}"
NSMAP: Any = {None: NAMESPACE}  # lxml-stubs know no default namespace


def decode(element: etree._Element, shape: Shape = OPEN) -> Flist:
    """Read the fields inside ``element``, in the order they come.

    Raises ErrorBuffer BAD_FIELD_NAME for a field that the shape (or, when it is open, the dictionary) does not know,
    BAD_TYPE or BAD_VALUE for a value, BAD_ARG for an array element without an id and for anything given twice.
    """
    flist: Flist = {}
    for node in element:
        spec = field_spec(node, shape)
        if spec.type is FieldType.ARRAY:
            _add_element(flist, node, spec)
        elif spec.name in flist:
            raise _bad(Errno.BAD_ARG, f"The field {spec.name} is given twice", spec.name)
        else:
            flist[spec.name] = _value(node, spec)
    return flist


def encode(name: str, flist: Flist) -> etree._Element:
    """Write ``flist`` as an element called ``name`` in BRM's namespace; ValueError for text that XML cannot hold."""
    root = etree.Element(_PREFIX + name, nsmap=NSMAP)
    _fill(root, flist)
    return root


def field_spec(node: etree._Element, shape: Shape) -> FieldSpec:
    """Give what is known of the field ``node`` in a flist of ``shape``; ErrorBuffer BAD_FIELD_NAME for nothing."""
    prefix, _, name = node.tag.rpartition("}")
    if prefix != _PREFIX[:-1]:
        raise _bad(Errno.BAD_FIELD_NAME, f"The element {name} is not in BRM's namespace", name)
    return known(name, shape)


def known(name: str, shape: Shape) -> FieldSpec:
    """Give what is known of the field ``name`` in a flist of ``shape``; ErrorBuffer BAD_FIELD_NAME for nothing."""
    if spec := shape.fields.get(name):
        return spec
    if shape.open and (type_ := fields.types().get(name)):
        return FieldSpec(name, type_, required=False, shape=OPEN if type_.nested else None)
    raise _bad(Errno.BAD_FIELD_NAME, f"The field {name} is not known here", name)


def _value(node: etree._Element, spec: FieldSpec) -> Value | Flist:
    if spec.shape is not None:
        _refuse_text(node, spec)
        return decode(node, spec.shape)
    if len(node):
        raise _bad(Errno.BAD_TYPE, f"The field {spec.name} holds no fields: it is of type {spec.type}", spec.name)
    return scalars.read(spec.type, node.text, spec.name) if node.text else None


def _add_element(flist: Flist, node: etree._Element, spec: FieldSpec) -> None:
    array = flist.setdefault(spec.name, Array())
    index = scalars.read(FieldType.INT, node.get("elem") or "", spec.name)
    if isinstance(array, Array) and isinstance(index, int) and index not in array:
        _refuse_text(node, spec)
        array[index] = decode(node, spec.shape or OPEN)
    else:
        raise _bad(Errno.BAD_ARG, f"An element of {spec.name} is given twice", spec.name)


def _refuse_text(node: etree._Element, spec: FieldSpec) -> None:
    if (node.text or "").strip():
        raise _bad(Errno.BAD_TYPE, f"The field {spec.name} holds fields, not text", spec.name)


def _bad(errno: Errno, text: str, field: str) -> ErrorBuffer:
    return ErrorBuffer(errno, text, field=field, location=Location.PCM)


def _fill(parent: etree._Element, flist: Flist) -> None:
    for name, value in flist.items():
        if not isinstance(value, dict):
            etree.SubElement(parent, _PREFIX + name).text = scalars.write(value, fields.types().get(name)) or None
        elif isinstance(value, Array):
            for index, element in value.items():
                _fill(etree.SubElement(parent, _PREFIX + name, elem=str(index)), element)
        else:
            _fill(etree.SubElement(parent, _PREFIX + name), value)
