"""Siebel's own sessions, as a client keeps them: logged in once, then one token after another.

A stateless session's answer has the token for the next request, and the one before is good no longer. So a call has a
session to itself; as many sessions are open as calls ever went on at the same time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from lxml import etree

from gateway.transforms.reading import Element
from soapkit.wss.signing import Login

NAMESPACE = "http://siebel.com/webservices"
EXPIRED = "SBL-UIF-00880"

_W = f"{{{NAMESPACE}}}"
_TOKEN = f"{_W}SessionToken"


class Sessions:
    """The free sessions of one login; shared by threads."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._free: deque[str] = deque()

    def take(self) -> str | None:
        """Take the token of the session that was used last; None when a new one must be opened."""
        try:
            return self._free.pop()
        except IndexError:
            return None

    def blocks(self, token: str | None) -> Sequence[Element]:
        """Return the header blocks that go on with a session, or log in."""
        said = {"SessionType": "Stateless"}
        if token is None:
            said |= {"UsernameToken": self._login.name, "PasswordText": self._login.password}
        else:
            said |= {"SessionToken": token}
        return [_block(name, text) for name, text in said.items()]

    def give(self, headers: Iterable[Element]) -> None:
        """Keep the token that an answer brought; an answer without one ended its session."""
        for block in headers:
            if block.tag == _TOKEN and block.text:
                self._free.append(block.text.strip())


def _block(name: str, text: str) -> Element:
    block = etree.Element(f"{_W}{name}", nsmap={"web": NAMESPACE})
    block.text = text
    return block
