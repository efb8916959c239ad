"""Card and bank numbers, and passwords, are covered before anything is kept for people to read."""

from __future__ import annotations

import re

_NAMES = (
    rb"(?:PIN_FLD_)?(?:"
    rb"(?:CREDIT_?)?CARD_?(?:NUM|NUMBER|NO|EXP|EXPIRATION|CVV2?|SECURITY)\w*|CARD|CREDITCARD"
    rb"|DEBIT_?(?:NUM|NUMBER|EXP)\w*|CVV2?|SECURITY_?ID|VERIFICATION_?NUMBER|PASSWD(?:_CLEAR)?|PASSWORD"
    rb"|ACCOUNT_?NUMBER|BANK_?(?:ACCOUNT|NO|NUM|NUMBER)\w*|ROUTING_?NUMBER|IBAN"
    rb")"
)
_ELEMENT = re.compile(
    rb"(<(?:[\w.-]+:)?" + _NAMES + rb"(?:\s[^>]*)?(?<!/)>)((?:<!\[CDATA\[.*?\]\]>|[^<])+)",
    re.IGNORECASE | re.DOTALL,
)
_NUMBER = re.compile(rb"[0-9][0-9 -]{10,}[0-9]")
_SHOWN = 4


def mask(xml: bytes) -> bytes:
    """Cover the text of elements named like card or bank numbers and passwords; of a long number the end stays.

    >>> mask(b"<DEBIT_NUM>4111111111111111</DEBIT_NUM>")
    b'<DEBIT_NUM>************1111</DEBIT_NUM>'
    """
    return _ELEMENT.sub(_cover, xml)


def _cover(match: re.Match[bytes]) -> bytes:
    text = match[2].strip()
    if not _NUMBER.fullmatch(text):
        return match[1] + b"****"
    return match[1] + b"*" * (len(text) - _SHOWN) + text[-_SHOWN:]
