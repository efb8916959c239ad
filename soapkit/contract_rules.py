"""The rules of ``soapkit.contract_lint``, each a function from one document to the spots that break it.

A rule judges the shape of one schema or WSDL; what spans files (imports, names of a namespace) is the lint's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from lxml import etree

from soapkit.documents import SOAP, WSDL
from soapkit.schemas import XSD

Element: TypeAlias = etree._Element  # noqa: SLF001 - the only name lxml has for its elements' type
Spot: TypeAlias = tuple[Element, str]
Rule: TypeAlias = "Callable[[Element, Index], Iterator[Spot]]"

TYPES = (f"{{{XSD}}}complexType", f"{{{XSD}}}simpleType")
_HTTP = "http://schemas.xmlsoap.org/soap/http"
_GROUPS = (f"{{{XSD}}}sequence", f"{{{XSD}}}choice", f"{{{XSD}}}all", f"{{{XSD}}}group")
_NESTING = (*_GROUPS, f"{{{XSD}}}complexContent", f"{{{XSD}}}extension", f"{{{XSD}}}restriction")
_NAMED = tuple(
    f"{{{XSD}}}{kind}" for kind in ("element", "attribute", "complexType", "simpleType", "group", "attributeGroup")
)
_UNTYPED = tuple(f"{{{XSD}}}{kind}" for kind in ("list", "union", "redefine"))
_ATTRIBUTES = tuple(f"{{{XSD}}}{kind}" for kind in ("attribute", "attributeGroup", "anyAttribute"))


class Index:
    """Global components of all schemas by kind and Clark name, so that types are followed across files."""

    def __init__(self, schemas: Iterable[Element]) -> None:
        self._components: dict[tuple[str, str], Element] = {}
        for schema in schemas:
            for node in schema.iterchildren(*_NAMED):
                name = f"{{{schema.get('targetNamespace', '')}}}{node.get('name')}"
                self._components.setdefault((str(node.tag), name), node)

    def find(self, kind: str, node: Element, attribute: str) -> Element | None:
        """Return the component of ``kind`` that the QName in ``attribute`` names, if any file has it."""
        prefix, _, local = node.get(attribute, "").rpartition(":")
        return self._components.get((f"{{{XSD}}}{kind}", f"{{{node.nsmap.get(prefix or None, '')}}}{local}"))

    def type_of(self, element: Element) -> Element | None:
        """Return the complex type of an element, followed through ``ref``; None for a simple or unknown one."""
        declared = self.find("element", element, "ref") if element.get("ref") else element
        if declared is None:
            return None
        inline = declared.find(f"{{{XSD}}}complexType")
        return inline if inline is not None else self.find("complexType", declared, "type")

    def content(self, node: Element) -> Iterator[Element]:
        """Yield elements and wildcards of a type or group, those of its base and of groups referred to included."""
        for child in node.iterchildren(f"{{{XSD}}}element", f"{{{XSD}}}any", *_NESTING):
            if child.tag not in _NESTING:
                yield child
                continue
            base = self._base(child)
            yield from () if base is None else self.content(base)
            yield from self.content(child)

    def attributes(self, node: Element) -> Iterator[Element]:
        """Yield attributes (groups and wildcards too) of a type, those of its base included."""
        for found in node.iter(*_ATTRIBUTES, f"{{{XSD}}}extension"):
            if _inside_element(found, node):
                continue
            base = self._base(found)
            yield from () if base is None else self.attributes(base)
            yield from () if found.tag not in _ATTRIBUTES else (found,)

    def _base(self, node: Element) -> Element | None:
        if node.tag == f"{{{XSD}}}extension":
            return self.find("complexType", node, "base")
        return self.find("group", node, "ref") if node.tag == f"{{{XSD}}}group" else None


def name(node: Element) -> str:
    """Return the name of a node, or of the nearest node around it that has one."""
    around = (node, *node.iterancestors())
    return next((found for each in around if (found := each.get("name") or each.get("ref"))), "the schema")


def local(node: Element) -> str:
    """Return the local name that a node declares or refers to; empty for neither."""
    return (node.get("name") or node.get("ref") or "").rpartition(":")[2]


def _inside_element(node: Element, within: Element) -> bool:
    for ancestor in node.iterancestors():
        if ancestor is within:
            return False
        if ancestor.tag == f"{{{XSD}}}element":
            return True
    return False


def _repeats(node: Element) -> bool:
    """Whether a particle, or a group around it in the same type, may occur more than once."""
    while True:
        if node.get("maxOccurs", "1") not in {"0", "1"}:
            return True
        parent = node.getparent()
        if parent is None or parent.tag not in _GROUPS:
            return False
        node = parent


def _anonymous(kind: str) -> Rule:
    def rule(schema: Element, _: Index) -> Iterator[Spot]:
        for node in schema.iter(f"{{{XSD}}}{kind}"):
            if not node.get("name"):
                yield node, f"{name(node)} has a {kind} without a name"

    return rule


def _array_of_arrays(schema: Element, index: Index) -> Iterator[Spot]:
    for element in schema.iter(f"{{{XSD}}}element"):
        found = index.type_of(element) if _repeats(element) else None
        if found is None or found.get("mixed") in {"true", "1"} or [*index.attributes(found)]:
            continue
        content = list(index.content(found))
        if len(content) == 1 and _repeats(content[0]):
            yield (
                element,
                f"{name(element)} repeats and holds nothing but the repeating {local(content[0]) or 'wildcard'}",
            )


def _repeated_choice(schema: Element, _: Index) -> Iterator[Spot]:
    for choice in schema.iter(f"{{{XSD}}}choice"):
        if _repeats(choice):
            yield choice, f"a choice in {name(choice)} repeats"


def _default(schema: Element, _: Index) -> Iterator[Spot]:
    for node in schema.iter(f"{{{XSD}}}element", f"{{{XSD}}}attribute"):
        said = next((kind for kind in ("default", "fixed") if node.get(kind) is not None), None)
        if said:
            yield node, f"{name(node)} has a {said} value"


def _untyped(schema: Element, _: Index) -> Iterator[Spot]:
    for node in schema.iter(*_UNTYPED):
        yield node, f"{name(node)} is made with {etree.QName(node).localname}"
    for node in schema.iter(f"{{{XSD}}}complexType", f"{{{XSD}}}complexContent"):
        if node.get("mixed") in {"true", "1"}:
            yield node, f"{name(node)} is mixed"
    for node in schema.iter(f"{{{XSD}}}element"):
        if node.get("substitutionGroup"):
            yield node, f"{name(node)} is in a substitutionGroup"


def _text_type(schema: Element, _: Index) -> Iterator[Spot]:
    for content in schema.iter(f"{{{XSD}}}simpleContent"):
        for node in content.iterchildren(f"{{{XSD}}}extension", f"{{{XSD}}}restriction"):
            prefix = node.get("base", "").rpartition(":")[0]
            if node.nsmap.get(prefix or None) != XSD:
                yield node, f"the text of {name(node)} is not of a type of XML Schema itself"


def _member_case(schema: Element, index: Index) -> Iterator[Spot]:
    """Elements, attributes and the text, which Java calls ``value``, all become properties of one class."""
    for found in schema.iter(f"{{{XSD}}}complexType"):
        elements = {local(node) for node in index.content(found)}
        attributes = [local(node) for node in index.attributes(found)]
        text = ["value"] if found.find(f"{{{XSD}}}simpleContent") is not None else []
        for same in _clashes([*elements, *attributes, *text]):
            yield found, f"{name(found)} has members that differ by case or kind only: {', '.join(same)}"


def _clashes(names: Iterable[str]) -> list[list[str]]:
    folded = defaultdict(list)
    for each in filter(None, names):
        folded[each.casefold()].append(each)
    return [sorted(same) for same in folded.values() if len(same) > 1]


def _undocumented(schema: Element, _: Index) -> Iterator[Spot]:
    for node in schema.iter(*_NAMED):
        texts = node.iterfind(f"{{{XSD}}}annotation/{{{XSD}}}documentation")
        if node.get("name") and not any(_has_text(text) for text in texts):
            yield node, f"{etree.QName(node).localname} {name(node)} has no documentation"


def _has_text(node: Element | None) -> bool:
    return node is not None and any(str(text).strip() for text in node.itertext())


def _undocumented_operation(definitions: Element, _: Index) -> Iterator[Spot]:
    for node in definitions.iterfind(f"{{{WSDL}}}portType/{{{WSDL}}}operation"):
        if not _has_text(node.find(f"{{{WSDL}}}documentation")):
            yield node, f"operation {name(node)} has no documentation"


def _soap_11(definitions: Element, _: Index) -> Iterator[Spot]:
    bindings = definitions.findall(f"{{{WSDL}}}binding")
    if definitions.find(f"{{{WSDL}}}service") is not None and not bindings:
        yield definitions, "there is a service but no binding"
    for binding in bindings:
        soap = binding.find(f"{{{SOAP}}}binding")
        if soap is None or soap.get("transport") != _HTTP:
            yield binding, f"binding {name(binding)} is not SOAP 1.1 over HTTP"


def _document_literal(definitions: Element, _: Index) -> Iterator[Spot]:
    for node in definitions.iter(f"{{{SOAP}}}binding", f"{{{SOAP}}}operation"):
        if node.get("style", "document") != "document":
            yield node, f"{name(node)} has style {node.get('style')}, not document"
    for node in definitions.iter(f"{{{SOAP}}}body", f"{{{SOAP}}}header", f"{{{SOAP}}}fault"):
        if node.get("use") != "literal":
            yield node, f"{name(node)}: {etree.QName(node).localname} has use {node.get('use')}, not literal"


def _soap_action(definitions: Element, _: Index) -> Iterator[Spot]:
    for node in definitions.iterfind(f"{{{WSDL}}}binding/{{{WSDL}}}operation"):
        soap = node.find(f"{{{SOAP}}}operation")
        if soap is None or soap.get("soapAction") is None:
            yield node, f"operation {name(node)} has no soapAction"


def _one_part(definitions: Element, _: Index) -> Iterator[Spot]:
    for message in definitions.iterfind(f"{{{WSDL}}}message"):
        parts = message.findall(f"{{{WSDL}}}part")
        if len(parts) != 1 or not parts[0].get("element"):
            yield message, f"message {name(message)} does not have exactly one part, given by an element"


SHAPE: Mapping[str, Rule] = {
    "anonymous-complex-type": _anonymous("complexType"),  # names of nested classes differ from toolkit to toolkit
    "anonymous-simple-type": _anonymous("simpleType"),  # same, and enumerations lose theirs
    "array-of-arrays": _array_of_arrays,  # .NET makes item[][] of it
    "repeated-choice": _repeated_choice,  # .NET makes object[] of it, Java List<Object>
    "default-value": _default,  # .NET does not send what equals it
    "untyped": _untyped,  # strings, or nothing, in .NET, Axis 1 and node-soap
    "text-type": _text_type,  # Axis 1 makes Java of it that does not compile
    "case-only": _member_case,  # one identifier in languages without case, and in Java
}
DOCUMENTATION: Mapping[str, Rule] = {"undocumented": _undocumented}
SERVICE: Mapping[str, Rule] = {
    "undocumented": _undocumented_operation,
    "soap-1.1-binding": _soap_11,
    "document-literal": _document_literal,
    "soap-action": _soap_action,
    "one-part": _one_part,
}
