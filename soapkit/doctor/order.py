"""Puts the elements of a body in the order of the schema, to tell whether anything but their order is wrong."""

from __future__ import annotations

from copy import deepcopy

from lxml.etree import _Element as Element

from soapkit.catalog import Contract, ContractError
from soapkit.publish.samples import sample


def arranged(contract: Contract, body: Element) -> Element:
    """Return a copy of ``body`` in the order of the contract, as far as its full example shows one.

    Elements keep their lines. What the example does not know stays behind what it knows.
    """
    copied = deepcopy(body)
    try:
        example = sample(contract, str(body.tag), full=True)
    except ContractError:  # no example can be made: nothing is known of the order
        return copied
    _arrange(copied, example)
    return copied


def _arrange(element: Element, example: Element) -> None:
    known = {child.tag: child for child in reversed(example)}
    places = {tag: place for place, tag in enumerate(dict.fromkeys(child.tag for child in example))}
    element[:] = sorted(element, key=lambda child: places.get(child.tag, len(places)))
    for child in element:
        if child.tag in known:
            _arrange(child, known[child.tag])
