r"""Makes a short text that matches a regular expression of XML Schema (Part 2, appendix F).

The grammar is read once, left to right, and each atom answered by the plainest character it allows:
``[A-Z]{2}\d+(-x)?`` gives ``AA0``.
"""

from __future__ import annotations

import re
from itertools import chain

from elementpath.regex import RegexError, translate_pattern

_PLAIN = "aA10-_./:,;+=@#$%&*()[]{}|^?!~'\"<>`\\ \t\nÄä中"
_QUANTITY = re.compile(r"\?|\*|\+|\{(\d+)(?:,(\d*))?\}")
_ATOM = re.compile(r"\\[pP]\{[^}]*\}|\\.|[^\[\]()|?*+{}\\]", re.DOTALL)
_IN_CLASS = re.compile(r"\\.|[^\[\]\\]", re.DOTALL)
_LONGEST = 10_000


def example(pattern: str) -> str:
    """Return a text that ``pattern`` matches, empty only where nothing else does.

    Raises ValueError where none can be made: a pattern that is wrong, or allows no plain character somewhere.
    """
    reader = _Reader(pattern)
    text = reader.branches()
    if reader.at < len(pattern):
        raise ValueError(f"{pattern}: not understood from character {reader.at + 1}")
    return text


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self.at = 0

    def branches(self) -> str:
        """Read ``a|b|c``: the first that is not empty is the answer."""
        found = [self._pieces()]
        while self._next("|"):
            found.append(self._pieces())
        return next(filter(None, found), "")

    def _pieces(self) -> str:
        """Read ``ab{2}c?``: what may be left out is left out, unless nothing would remain."""
        needed, spare = "", ""
        while self.at < len(self._pattern) and self._pattern[self.at] not in "|)":
            atom = self._atom()
            least, may_be = self._times()
            needed += atom * least
            spare = spare or (atom if may_be else "")
            if len(needed) > _LONGEST:
                raise ValueError(f"{self._pattern}: too long")
        return needed or spare

    def _times(self) -> tuple[int, bool]:
        """Read a quantity: how often at least, and whether it may be at all."""
        found = _QUANTITY.match(self._pattern, self.at)
        if found is None:
            return 1, True
        self.at = found.end()
        if found[1] is None:
            return (1 if found[0] == "+" else 0), True
        return min(int(found[1]), _LONGEST), found[2] not in {"0", None} or int(found[1]) > 0

    def _atom(self) -> str:
        if self._next("("):
            inner = self.branches()
            if not self._next(")"):
                raise ValueError(f"{self._pattern}: a group is not closed")
            return inner
        start = self.at
        self._skip()
        return _plainest(self._pattern[start : self.at])

    def _skip(self) -> None:
        """Step over ``x``, ``.``, an escape, or a class such as ``[a-z-[aeiou]]``."""
        depth = 0
        while True:
            if self._next("["):
                depth += 1
            elif depth and self._next("]"):
                depth -= 1
            elif found := (_IN_CLASS if depth else _ATOM).match(self._pattern, self.at):
                self.at = found.end()
            else:
                raise ValueError(f"{self._pattern}: not understood from character {self.at + 1}")
            if not depth:
                return

    def _next(self, character: str) -> bool:
        found = self._pattern.startswith(character, self.at)
        self.at += found
        return found


def _plainest(atom: str) -> str:
    try:
        allows = re.compile(translate_pattern(atom, back_references=False, lazy_quantifiers=False, anchors=False))
    except RegexError as error:
        raise ValueError(f"{atom}: {error}") from error
    for character in chain(_PLAIN, atom):
        if allows.fullmatch(character):
            return character
    raise ValueError(f"No plain character is one of {atom}")
