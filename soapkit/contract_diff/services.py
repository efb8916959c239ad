"""Compares services: their operations, and the messages of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lxml import etree

from soapkit.catalog import Contract, Operation
from soapkit.contract_diff.change import Change, Part
from soapkit.contract_diff.elements import Elements
from soapkit.contract_diff.verdicts import Verdicts
from soapkit.schema_model import global_element

_NOT_FOUND = "calls of it are refused"
_OTHER_CODE = "callers keep working; code that is generated anew has another name"


def compare(old: Contract, new: Contract, *, tolerant: bool = False) -> tuple[Change, ...]:
    """See the package."""
    return tuple(_Services(old, new, tolerant=tolerant).changes())


def compare_all(
    old: Sequence[Contract], new: Sequence[Contract], *, tolerant: bool = False
) -> Mapping[str, tuple[Change, ...]]:
    """See the package."""
    before, after = ({each.name: each for each in contracts} for contracts in (old, new))
    if len(before) == len(after) == 1 and before.keys() != after.keys():
        return {
            name: compare(one, two, tolerant=tolerant)
            for (name, one), two in zip(before.items(), after.values(), strict=True)
        }
    found: dict[str, tuple[Change, ...]] = {}
    for name, contract in before.items():
        gone = Change("service-removed", True, "this service is gone", _NOT_FOUND, service=name)
        found[name] = compare(contract, after[name], tolerant=tolerant) if name in after else (gone,)
    for name in sorted(after.keys() - before.keys()):
        found[name] = (Change("service-added", False, "new service", "nobody calls it yet", service=name),)
    return found


class _Services:
    def __init__(self, old: Contract, new: Contract, *, tolerant: bool) -> None:
        self._old = old
        self._new = new
        self._tolerant = tolerant

    def changes(self) -> Iterator[Change]:
        yield from (each.at(self._old.name, "", Part.SERVICE) for each in self._service())
        before, after = ({each.name: each for each in contract.operations} for contract in (self._old, self._new))
        renamed = self._renamed(before, after)
        for name, operation in before.items():
            twin = after.get(renamed.get(name, name))
            if name in renamed:
                text, effect = (
                    f"the operation is called {renamed[name]} now",
                    "code that calls it does not compile again",
                )
                yield Change("operation-renamed", True, text, effect, self._old.name, name)
            if twin is None:
                yield Change("operation-removed", True, "this operation is gone", _NOT_FOUND, self._old.name, name)
            else:
                yield from self._operation(operation, twin)
        for name in sorted(after.keys() - before.keys() - set(renamed.values())):
            yield Change("operation-added", False, "new operation", "nobody calls it yet", self._old.name, name)

    def _service(self) -> Iterator[Change]:
        old, new = self._old, self._new
        if old.name != new.name:
            text, effect = f"the service is called {new.name}, it was {old.name}", "its address is another"
            yield Change("service-renamed", True, text, effect)
        if old.namespace != new.namespace:
            text = f"the namespace of the WSDL is {new.namespace}, it was {old.namespace}"
            yield Change("service-namespace", True, text, "callers with WS-Addressing send another Action")
        if old.port_type != new.port_type:
            text = f"the port type is called {new.port_type}, it was {old.port_type}"
            yield Change("port-type", True, text, "callers with WS-Addressing send another Action")

    def _renamed(self, before: Mapping[str, Operation], after: Mapping[str, Operation]) -> dict[str, str]:
        inputs = {each.input: name for name, each in after.items() if name not in before}
        return {name: inputs[each.input] for name, each in before.items() if name not in after and each.input in inputs}

    def _operation(self, old: Operation, new: Operation) -> Iterator[Change]:
        def at(part: Part, changes: Iterator[Change]) -> Iterator[Change]:
            return (each.at(self._old.name, old.name, part) for each in changes)

        yield from at(Part.SERVICE, _binding(old, new))
        yield from at(Part.REQUEST, self._message(old.input, new.input, Part.REQUEST))
        yield from at(Part.HEADER, self._headers(old, new))
        yield from at(Part.RESPONSE, self._output(old, new))
        yield from at(Part.FAULT, self._faults(old, new))

    def _message(self, old: str, new: str, part: Part) -> Iterator[Change]:
        if old != new:
            effect = _NOT_FOUND if not part.read_by_caller else "callers do not know it"
            text = f"the element is {_shown(new)}, it was {_shown(old)}"
            yield Change("message-element", True, text, effect, path=_path(old))
            return
        elements = Elements(Verdicts(part.read_by_caller, self._tolerant))
        yield from elements.compare(global_element(self._old, old), global_element(self._new, new), _path(old))

    def _output(self, old: Operation, new: Operation) -> Iterator[Change]:
        if old.output is not None and new.output is not None:
            yield from self._message(old.output, new.output, Part.RESPONSE)
        elif old.output != new.output:
            text = "the operation answers nothing any more" if new.output is None else "the operation answers now"
            yield Change("one-way", True, text, "callers wait for the wrong thing")

    def _headers(self, old: Operation, new: Operation) -> Iterator[Change]:
        for each in old.headers:
            if each not in new.headers:
                effect = "callers that insist on it are refused"
                yield Change("header-removed", True, "this header block is gone", effect, path=_path(each))
            else:
                yield from self._message(each, each, Part.HEADER)
        for each in new.headers:
            if each not in old.headers:
                yield Change("header-added", False, "new header block", "callers may leave it out", path=_path(each))

    def _faults(self, old: Operation, new: Operation) -> Iterator[Change]:
        before, after = _by_element(old), _by_element(new)
        for element, name in before.items():
            if element not in after:
                effect = "callers wait for it in vain"
                yield Change("fault-removed", True, f"the fault {name} is gone", effect, path=_path(element))
                continue
            if name != after[element]:
                text = f"the fault is called {after[element]}, it was {name}"
                yield Change("fault-renamed", False, text, _OTHER_CODE, path=_path(element))
            yield from self._message(element, element, Part.FAULT)
        for element, name in after.items():
            if element not in before:
                effect = "callers do not know what it says"
                yield Change("fault-added", True, f"new fault {name}", effect, path=_path(element))


def _binding(old: Operation, new: Operation) -> Iterator[Change]:
    if old.soap_action != new.soap_action:
        text = f'the SOAPAction is "{new.soap_action}", it was "{old.soap_action}"'
        yield Change("soap-action", True, text, "callers send the old one, which is refused")
    if old.style != new.style:
        text = f"the style is {new.style.value}/literal, it was {old.style.value}/literal"
        yield Change("style", True, text, "messages look different")


def _by_element(operation: Operation) -> dict[str, str]:
    return {element: name for name, element in operation.faults.items()}


def _path(element: str) -> str:
    return f"/{etree.QName(element).localname}"


def _shown(element: str) -> str:
    name = etree.QName(element)
    return f"{name.localname} of {name.namespace}" if name.namespace else name.localname
