"""Takes one mistake at a time out of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from lxml import etree
from lxml.etree import _Element as Element

from soapkit.doctor.letter import Letter
from soapkit.versions import BY_ENVELOPE, Version

_Mend: TypeAlias = "Callable[[Letter, Element | None], Letter | None]"


def mended(letter: Letter, root: etree._Element | None, rule: str) -> Letter | None:
    """Return the request as it would be had it not broken ``rule``, so that the next mistake comes to light.

    None when that cannot be done without knowing what was meant. ``root`` is the message, parsed.
    """
    mend = _MENDED.get(rule)
    return None if mend is None else mend(letter, root)


def typed(letter: Letter, root: etree._Element | None) -> Letter:
    """Return the request with the media type of its envelope."""
    version = Version.SOAP_11 if root is None else BY_ENVELOPE.get(root.tag, Version.SOAP_11)
    return letter.with_header("content-type", version.media_type)


def _not_encoded(letter: Letter, _root: etree._Element | None) -> Letter:
    return letter.with_header("content-encoding", None)


def _without_action(letter: Letter, root: etree._Element | None) -> Letter:
    return typed(letter, root).with_header("soapaction", None)


def _optional(letter: Letter, root: etree._Element | None) -> Letter | None:
    """Take the demand to be understood off all header blocks."""
    if root is None:
        return None
    demands = [
        block
        for block in root.iter()
        if block.get(Version.SOAP_11.must_understand) or block.get(Version.SOAP_12.must_understand)
    ]
    for block in demands:
        for version in Version:
            block.attrib.pop(version.must_understand, "")
    return letter.with_body(etree.tostring(root, encoding="UTF-8")).with_header("content-type", _charset_free(letter))


def _charset_free(letter: Letter) -> str:
    return letter.header("content-type").partition(";")[0]


_MENDED: Mapping[str, _Mend] = {
    "content-type": typed,
    "charset": typed,
    "content-encoding": _not_encoded,
    "soap-action": _without_action,
    "must-understand": _optional,
}
"""By rule."""
