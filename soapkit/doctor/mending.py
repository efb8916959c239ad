"""Takes one mistake at a time out of a request."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from email import message_from_bytes
from email.message import Message
from typing import Any, TypeAlias

from lxml import etree
from lxml.etree import _Element as Element

from soapkit.addressing.editions import BLOCKS
from soapkit.addressing.problems import Problem
from soapkit.doctor.letter import Letter
from soapkit.envelope import wrap
from soapkit.limits import Limits
from soapkit.versions import BY_ENVELOPE, Version

_Mend: TypeAlias = "Callable[[Letter, Element | None], Letter | None]"
_PACKED = b"\x1f\x8b"


def mended(letter: Letter, root: etree._Element | None, rule: str) -> Letter | None:
    """Return the request as it would be had it not broken ``rule``, so that the next mistake comes to light.

    None when that cannot be done without knowing what was meant. ``root`` is the message, parsed.
    """
    mend = _MENDED.get(rule)
    return None if mend is None else mend(letter, root)


def typed(letter: Letter, root: etree._Element | None) -> Letter:
    """Return the request with the media type of its envelope, as far as that can be told."""
    named = Version.SOAP_12 if Version.SOAP_12.value.encode() in letter.body else Version.SOAP_11
    version = named if root is None else BY_ENVELOPE.get(root.tag, Version.SOAP_11)
    return letter.with_header("content-type", version.media_type)


def _in_one_part(letter: Letter, root: etree._Element | None) -> Letter:
    """Take the envelope out of a multipart message (SOAP with Attachments, MTOM), and give it its media type."""
    declared = b"Content-Type: " + letter.header("content-type").encode("latin-1", "replace")
    message = message_from_bytes(declared + b"\r\n\r\n" + letter.body)
    parts = message.get_payload()
    if not (message.is_multipart() and isinstance(parts, list)):
        return typed(letter, root)
    start = str(message.get_param("start") or "").strip("<>")
    chosen = next((part for part in parts if start and _content_id(part) == start), parts[0])
    content = chosen.get_payload(decode=True) if isinstance(chosen, Message) else b""
    return typed(letter.with_body(content if isinstance(content, bytes) else b""), root)


def _content_id(part: object) -> str:
    return str(part.get("Content-ID", "")).strip("<> ") if isinstance(part, Message) else ""


def _unpacked(letter: Letter, _root: etree._Element | None) -> Letter | None:
    """Unpack gzip, as far as a service reads; None for what is not packed, or not so."""
    if not letter.body.startswith(_PACKED):
        return letter.with_header("content-encoding", None) if letter.header("content-encoding") else None
    try:
        body = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(letter.body, Limits().max_bytes)
    except zlib.error:
        return None
    return letter.with_header("content-encoding", None).with_body(body)


def _without_action(letter: Letter, root: etree._Element | None) -> Letter:
    return typed(letter, root).with_header("soapaction", None)


def _optional(letter: Letter, root: etree._Element | None) -> Letter | None:
    """Take the demand to be understood off all header blocks."""
    if root is None:
        return None
    for block in root.iter():
        for version in Version:
            block.attrib.pop(version.must_understand, "")
    return _written(letter, root, line=root.sourceline)


def _unaddressed(letter: Letter, root: etree._Element | None) -> Letter | None:
    """Take the blocks of WS-Addressing away."""
    blocks = [] if root is None else list(root.iter(*BLOCKS))
    for block in blocks:
        if (parent := block.getparent()) is not None:
            parent.remove(block)
    return _written(letter, root, line=root.sourceline) if root is not None and blocks else None


def _enveloped(letter: Letter, root: etree._Element | None) -> Letter | None:
    """Put a bare payload into an envelope."""
    if root is None or etree.QName(root).localname == "Envelope":
        return None
    return _written(letter, etree.fromstring(wrap(root)), line=root.sourceline)


def _written(letter: Letter, root: etree._Element, *, line: Any) -> Letter:
    """Write ``root`` at its ``line`` (None: the first): what is found next is told by the lines that were pasted."""
    body = b"\n" * ((line or 1) - 1) + etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    return letter.with_body(body).with_header("content-type", letter.header("content-type").partition(";")[0])


_MENDED: Mapping[str, _Mend] = {
    "content-type": _in_one_part,
    "charset": typed,
    "content-encoding": _unpacked,
    "well-formed": _unpacked,
    "envelope": _enveloped,
    "version": _enveloped,
    "soap-action": _without_action,
    "must-understand": _optional,
    **{problem.rule: _unaddressed for problem in Problem},
}
"""By rule."""
