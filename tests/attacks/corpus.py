"""Reads the attacks on file: one a file, written as it goes over the wire.

    # Elements inside one another, far beyond any message's need.
    # says: [max-depth | [parser-limit
    POST {{path}} HTTP/1.1
    Content-Type: {{type}}

    <soap:Envelope xmlns:soap="{{soap}}"><soap:Body>{{100000 * <a>}}{{100000 * </a>}}</soap:Body></soap:Envelope>

The lines that begin with ``#`` say what the attack is, and of the answer: ``says`` (texts, of which the fault must hold
one), ``code`` (Client unless told), ``status`` (that of the SOAP version unless told), ``plain`` (HTTP statuses that
do without an envelope), ``harmless`` (yes: an ordinary answer is right as well). ``for`` names a product, else it is
for both that ask no proofs; ``versions`` of SOAP are both unless told; ``bytes`` says what becomes of the body before
it is sent, ``swap`` what of the good request is replaced; ``twice`` (yes) sends the message a second time;
``raw`` (yes) leaves all headers as they are.

``{{100000 * text}}`` repeats a text; in it ``{#}`` is the number of the repetition. ``{{path}}`` is the service,
``{{good}}`` the body of its good request; ``{{soap}}``, ``{{media}}`` and ``{{type}}`` are a version's namespace, media
type, and that with a charset: a message that names them is sent in both versions. ``{{listener}}`` is an address that
must see no connection, ``{{canary}}`` a file whose content must not be seen; what else there is comes from
``guarded``: pieces of a message that was signed well, and tokens. ``{{block}}``, ``{{declarations}}`` and
``{{collisions}}`` are what ``RECIPES`` makes. Host, Content-Length and Connection are added where they are not given.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

_HERE = Path(__file__).parent
_REPEAT = re.compile(r"\{\{(\d+) \* (.*?)\}\}", re.DOTALL)
_NAME = re.compile(r"\{\{(\w+)\}\}")
_BYTES: Mapping[str, Callable[[str], bytes]] = {
    "utf-8": lambda text: text.encode(),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16be": lambda text: text.encode("utf-16-be"),
    "utf-7": lambda text: text.encode("utf-7"),
    "ebcdic": lambda text: text.encode("cp037"),
    "latin-1": lambda text: text.encode("latin-1"),
    "gzip": lambda text: gzip.compress(text.encode(), mtime=0),
    "deflate": lambda text: zlib.compress(text.encode()),
    "nul": lambda text: text.encode().replace(b"[NUL]", b"\0"),
    "raw": lambda text: text.encode("latin-1").decode("unicode_escape").encode("latin-1"),
}


RECIPES: Mapping[str, str] = {
    "block": "x" * 0x100000,
    "declarations": " ".join(f'xmlns:p{number}="urn:p{number}"' for number in range(1000)),
    # Aa and BB are one to hashes that multiply by 31 and add; so are all words of thirteen of them
    "collisions": " ".join(f'{"".join(word)}=""' for word in product(("Aa", "BB"), repeat=13)),
}
"""What is too long to be on file, by name."""


@dataclass(frozen=True, slots=True)
class Attack:
    """One file: ``title`` and what the answer must be, and the template of the message."""

    name: str
    title: str
    said: Mapping[str, str]
    swaps: tuple[tuple[str, str], ...]
    head: str
    body: str

    @property
    def says(self) -> tuple[str, ...]:
        """Texts of which the fault must hold one; none = any text."""
        return tuple(text.strip() for text in self.said.get("says", "").split(" | ") if text.strip())

    @property
    def code(self) -> str:
        """The fault code, by its SOAP 1.1 name."""
        return self.said.get("code", "Client")

    @property
    def status(self) -> int | None:
        """The HTTP status of the fault; None for that of its SOAP version."""
        return int(self.said["status"]) if "status" in self.said else None

    @property
    def plain(self) -> tuple[int, ...]:
        """HTTP statuses of which the answer must have one, when there is no envelope."""
        return tuple(map(int, self.said.get("plain", "").split()))

    @property
    def harmless(self) -> bool:
        """Tell whether an ordinary answer is right as well."""
        return self.said.get("harmless") == "yes"

    @property
    def raw(self) -> bool:
        """Tell whether it says itself where it ends."""
        return self.said.get("raw") == "yes"

    @property
    def twice(self) -> bool:
        """Tell whether the attack is to send it a second time."""
        return self.said.get("twice") == "yes"

    def concerns(self, product: str) -> bool:
        """Tell whether it is meant for a product."""
        return product == self.said["for"] if "for" in self.said else product != "guarded"

    @property
    def versions(self) -> tuple[str, ...]:
        """Versions of SOAP that it is sent in: both, when the message leaves that open."""
        is_open = any(f"{{{{{name}}}}}" in self.head + self.body for name in ("soap", "media", "type"))
        return tuple(self.said.get("versions", "1.1 1.2" if is_open else "1.1").split())

    def written(self, values: Mapping[str, str]) -> bytes:
        """Give the bytes to send."""
        values = {**RECIPES, **values, "good": self._swapped(values["good"])}
        encoded = _BYTES[self.said.get("bytes", "utf-8")]
        if self.raw:
            return encoded(_filled(f"{self.head}\n\n{self.body}", values).replace("\n", "\r\n") + "\r\n\r\n")
        body = encoded(_filled(self.body, values))
        head = _filled(self.head, values)
        for name, value in (("Host", "edge.example"), ("Content-Length", str(len(body))), ("Connection", "close")):
            if f"\n{name.lower()}:" not in head.lower() and not _replaced(name, head):
                head += f"\n{name}: {value}"
        return head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body

    def _swapped(self, good: str) -> str:
        for old, new in self.swaps:
            assert old in good, f"{self.name}: the good request does not hold {old}"
            good = good.replace(old, new)
        return good


def _replaced(name: str, head: str) -> bool:
    """Tell whether a message brings its own way to say how long it is."""
    return name == "Content-Length" and ("transfer-encoding" in head.lower() or head.startswith(("GET ", "HEAD ")))


def _filled(template: str, values: Mapping[str, str]) -> str:
    named = template
    while _NAME.search(named):
        named = _NAME.sub(lambda found: values[found[1]], named)
    return _REPEAT.sub(_repeated, named)


def _repeated(found: re.Match[str]) -> str:
    count, text = int(found[1]), found[2]
    return "".join(text.replace("{#}", str(n)) for n in range(count)) if "{#}" in text else text * count


def read(path: Path) -> Attack:
    """Read an attack."""
    lines = path.read_text(encoding="utf-8").split("\n")
    remarks = [line[1:].strip() for line in lines if line.startswith("# ")]
    first = next(number for number, line in enumerate(lines) if not line.startswith("# "))
    head, _, body = "\n".join(lines[first:]).partition("\n\n")
    said = dict(remark.split(": ", 1) for remark in remarks if re.match(r"[a-z]+: ", remark))
    swaps = tuple(_pair(remark.removeprefix("swap: ")) for remark in remarks if remark.startswith("swap: "))
    return Attack(path.stem, remarks[0], said, swaps, head, body.rstrip("\n"))


def _pair(swap: str) -> tuple[str, str]:
    old, _, new = swap.partition(" => ")
    return old, new


def attacks(directory: str) -> list[Attack]:
    """Give all attacks in a directory: ``messages`` to services, ``documents`` asked for, ``smuggled`` requests."""
    return [read(path) for path in sorted((_HERE / directory).glob("*.http"))]
