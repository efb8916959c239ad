"""Readable values of simple types: an amount looks like an amount, a code is one that the documentation names.

Every candidate is put to the type itself; the first that it takes is the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from xmlschema.validators import XsdAtomic, XsdAttribute, XsdElement, XsdList, XsdSimpleType, XsdType, XsdUnion

from soapkit.documents import ContractError
from soapkit.publish.patterns import example
from soapkit.schema_model import documentation

_EXAMPLES = (
    re.compile(r"(?:such as|like|e\.g\.|for example) ([^.,;:()…\"]{1,60}|\"[^\"]{1,60}\")"),
    re.compile(r"\"([^\"]{1,60})\""),
)
_CODE = r"[A-Z][A-Z0-9]+(?:[_-][A-Z0-9]+| [A-Z][A-Z0-9]+)*(?![\w/-])"
_CODES_BEGIN = re.compile(rf"(?:^|[:;,] )(?={_CODE})")
_CODES_END = re.compile(r"\.(?:\s|$)|…")
_CODES = re.compile(rf"(?<![\w{{/-]){_CODE}")
_CODED = re.compile(
    r"(code|mode|type|status|state|class|errno|location|field|column|table|name|system|id)$", re.IGNORECASE
)
_ABBREVIATIONS = re.compile(
    r"ABC|AIA|BPEL|BRM|EBM(ID)?|EBO|GUID|HTTPS?|IDS?|ISO|JMS|MIME|MMYY|POID|SOAP|UR[IL]|UTC|WSDL|XACML|XML|XREF|XSD"
)
_ARTICLE = re.compile(r"(a|an|the|its|one|some|that|this) ", re.IGNORECASE)
_NUMBERS = re.compile(r"(?<![\w.])(-?\d+)(?= (?:=|for|is)\b| =|:)")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PATH = re.compile(r"(?<!\S)/[\w/]+")
_PATH_WORD = re.compile(r"(?<![\w/])/[a-z_]+(?:/[a-z_]+)*")

# What is called so looks so. The first row whose words all occur in a name, in this order, wins.
_NAMED: tuple[tuple[str, str], ...] = (
    (r"^ebmid$|ebmid$|guid|uuid|messageid", "2f7c1f0e-6b0a-4c57-9d3e-51a6c2e0b7{:02d}"),
    (r"currency.*code|^currency$", "GBP"),
    (r"country", "GB"),
    (r"language|^lang$", "en"),
    (r"e.?mail", "ada.jones@example.com"),
    (r"phone|msisdn|called.?to$|calling.?from$|primary.?number", "4477009001{:02d}"),
    (r"ip.?address", "192.0.2.{:d}"),
    (r"first.?name|given.?name", "Ada"),
    (r"last.?name|family.?name|surname", "Jones"),
    (r"middle.?name", "Mary"),
    (r"contact.?name|account.?name|customer.?name", "Ada Jones"),
    (r"password|passwd", "a-secret"),
    (r"login|user", "ada.jones"),
    (r"street|^address$|address.?line", "1 High Street"),
    (r"city|town", "London"),
    (r"zip|postal|post.?code", "EC1A 1BB"),
    (r"^state$|county|province", "Greater London"),
    (r"company|organi[sz]ation", "Example Ltd"),
    (r"version", "1.0"),
    (r"unit.?code", "EA"),
    (r"severity|priority", "3"),
    (r"(reply|fault).?to$|url$|uri$|address$", "https://partner.example/reply"),
    (r"(?<![a-z])(id|number|no|num|key|common|reference)$", "1-100{:d}"),
)
_COUNTED = (("flag", "0"), ("quantity", "1"), ("percent", "10"))
_TYPED: dict[str, tuple[str, ...]] = {
    "boolean": ("true", "false"),
    "decimal": ("10.00", "1", "0.5", "0", "-1", "100"),
    "float": ("1.5", "0"),
    "double": ("1.5", "0"),
    "dateTime": ("2026-11-{:02d}T09:30:00Z",),
    "date": ("2026-11-{:02d}",),
    "time": ("09:30:00",),
    "duration": ("P1D", "PT1H", "P1M"),
    "gYear": ("2026",),
    "gYearMonth": ("2026-11",),
    "gMonth": ("--11",),
    "gMonthDay": ("--11-20",),
    "gDay": ("---20",),
    "base64Binary": ("ZXhhbXBsZQ==",),
    "hexBinary": ("0A1B", "0A"),
    "anyURI": ("https://partner.example/reply", "urn:example"),
    "QName": ("example",),
    "NOTATION": ("example",),
}
_DAY = 20
"""Dates begin on this day of the month, and go on one for each repetition."""


def value(kind: XsdSimpleType, component: XsdElement | XsdAttribute, number: int) -> str:
    """Return a value of ``kind`` for ``component``, the ``number``-th of its name (from 1).

    A fixed or default value wins, then enumerated ones, then what documentation and name suggest. Raises ContractError
    when no value can be found.
    """
    if component.fixed is not None or component.default is not None:
        return str(component.fixed if component.fixed is not None else component.default)
    for candidate in _candidates(kind, component, number):
        if kind.text_is_valid(candidate):
            return candidate
    raise ContractError(f"No example of {component.local_name}, of type {kind.local_name}, is known")


def _candidates(kind: XsdSimpleType, component: XsdElement | XsdAttribute, number: int) -> Iterator[str]:
    if kind.enumeration:
        values = [str(each) for each in kind.enumeration]
        yield from values[(number - 1) % len(values) :]
    for part in _parts(kind):
        for found in _candidates(part, component, number):
            yield " ".join([found] * max(kind.min_length or 1, 1))
    base = kind.primitive_type if isinstance(kind, XsdAtomic) else None
    primitive = base.local_name if base is not None and base.local_name else "string"
    told = (documentation(component), documentation(kind))
    if kind.patterns:
        yield from _fitting(kind, component, told)
    sources = _numbers if primitive == "decimal" else _texts
    guesses = _TYPED.get(primitive, ())
    yield from chain(sources(component, told, number), (each.format(_DAY + number - 1) for each in guesses))
    yield from _made(kind, number)


def _parts(kind: XsdSimpleType) -> Sequence[XsdSimpleType]:
    """Return the member types of a union, or the item type of a list, also of one that was restricted."""
    above: XsdType | None = kind
    while above is not None:
        if isinstance(above, XsdUnion):
            return above.member_types
        if isinstance(above, XsdList):
            return (above.item_type,)
        above = above.base_type
    return ()


def _numbers(component: XsdElement | XsdAttribute, told: tuple[str, ...], number: int) -> Iterator[str]:
    """Numbers that documentation explains (``256 = distinct``); attributes count, flags are off."""
    name = (component.local_name or "").lower()
    if isinstance(component, XsdAttribute) or "sequence" in name:
        yield str(number)
    yield from (shape for words, shape in _COUNTED if words in name)
    yield from (found[1] for text in told for found in _NUMBERS.finditer(text))


def _texts(component: XsdElement | XsdAttribute, told: tuple[str, ...], number: int) -> Iterator[str]:
    """Texts that documentation gives as an example, then a code it names, then what the name suggests."""
    name = component.local_name or ""
    spoken = "_".join(_WORDS.findall(name)).lower()
    if "GUID" in told[0]:
        yield _NAMED[0][1].format(number)
    for text in told:
        for pattern in _EXAMPLES:
            found = (each[1].strip('" ') for each in pattern.finditer(text))
            yield from (each for each in found if each and not _ARTICLE.match(each))
    if _CODED.search(name):
        codes = _codes(told[0]) or (general if len(general := _codes(told[1])) > 1 else [])
        yield from codes[(number - 1) % max(len(codes), 1) :]
    for words, shape in _NAMED:
        if re.search(words, spoken) or re.search(words, spoken.replace("_", "")):
            yield shape.format(number)
    yield f"Example {spoken.replace('_', ' ')}"


def _codes(text: str) -> list[str]:
    """Return the codes that ``text`` lists: ``The system: BRM_01, SEBL_01 …``."""
    begin = _CODES_BEGIN.search(text)
    if begin is None:
        return []
    end = _CODES_END.search(text, begin.end())
    found = _CODES.findall(text, begin.end(), end.start() if end else len(text))
    return list(dict.fromkeys(each for each in found if not _ABBREVIATIONS.fullmatch(each)))


def _fitting(kind: XsdSimpleType, component: XsdElement | XsdAttribute, told: tuple[str, ...]) -> Iterator[str]:
    """Words of the documentation that the pattern takes: ``The search handle: 0.0.0.1 /search -1 0.``.

    An example that names another class of object (``/account``) than the component does gets the component's.
    """
    own, general = told
    yield from _runs(kind, own)
    named = _PATH_WORD.findall(own) or [_object(component)]
    for found in _runs(kind, general):
        yield _PATH.sub(named[0], found) if named[0] else found
        yield found
    yield from _numbers(component, told, 1)
    yield "10.00"


def _object(component: XsdElement | XsdAttribute) -> str:
    name = (component.local_name or "").upper()
    return f"/{name.removesuffix('_OBJ').lower()}" if name.endswith("_OBJ") else ""


def _runs(kind: XsdSimpleType, text: str) -> Iterator[str]:
    words = text.split()
    for length in range(min(len(words), 6), 0, -1):
        for start in range(len(words) - length + 1):
            run = " ".join(words[start : start + length]).strip("\"'.,;:()")
            if any(character.isdigit() for character in run) and kind.text_is_valid(run):
                yield run


def _made(kind: XsdSimpleType, number: int) -> Iterator[str]:
    """Values made from the facets alone."""
    for bound in (kind.min_value, kind.max_value):
        if bound is not None:
            yield from (str(bound + step) for step in (0, 1, -1) if isinstance(bound, int))
            yield str(bound)
    yield from (str(each) for each in (number, 0, -1))
    for pattern in kind.patterns.regexps if kind.patterns else ():
        try:
            yield example(pattern)
        except ValueError:
            continue  # another way may do
    yield from _sized("example", kind.min_length or 0, kind.max_length)


def _sized(text: str, least: int, most: int | None) -> Iterator[str]:
    longer = text + "x" * (least - len(text))
    yield longer if most is None else longer[:most]
    yield "0" * 2 * least
