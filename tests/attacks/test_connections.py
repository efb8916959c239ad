"""HTTP itself as a weapon: requests inside requests, heads without end, callers who never come to the point."""

from __future__ import annotations

from contextlib import ExitStack, closing

import pytest

from tests.attacks.answers import leaks
from tests.attacks.cases import Case, cases, values
from tests.attacks.landscape import PRODUCTS_AND_SERVERS, Landscape
from tests.attacks.processes import allowance
from tests.attacks.wire import connect, post, send_all

_SLOW_CALLERS = 150
_STACKS = 8 * 1024 * 1024 * 1024
"""Room for the stacks of threads that wait for them, over granian: reserved, not filled."""


@pytest.mark.parametrize("case", cases("smuggled"), ids=str)
def test_a_request_inside_a_request_is_not_served(scene: Landscape, case: Case) -> None:
    target = scene.target(case.product, case.kind)
    sent = case.attack.written(values(scene, target))

    with allowance(target.pid):
        replies = send_all(target.url, sent)

    served = [reply.status for reply in replies if reply.status < 400]
    assert served == [] or case.attack.harmless, "what follows is no request of its own"
    assert [leaks(reply, sent) for reply in replies if reply.status >= 400 and leaks(reply, sent)] == []
    target.still_serves()


@pytest.mark.parametrize(("product", "kind"), PRODUCTS_AND_SERVERS)
@pytest.mark.parametrize("part", ["head", "body", "chunks"])
def test_callers_who_never_finish_keep_nobody_else_waiting(
    scene: Landscape, product: str, kind: str, part: str
) -> None:
    target = scene.target(product, kind)
    whole = post(target.path, target.good)
    beginnings = {
        "head": whole[:40],
        "body": whole[: whole.index(b"\r\n\r\n") + 10],
        "chunks": post(target.path, b"5\r\n<soap", Content_Length="", Transfer_Encoding="chunked").replace(
            b"Content-Length: \r\n", b""
        ),
    }
    with ExitStack() as callers, allowance(target.pid, address_space=_STACKS):
        slow = [callers.enter_context(closing(connect(target.url))) for _ in range(_SLOW_CALLERS)]
        for caller in slow:
            caller.sendall(beginnings[part])
        target.still_serves()
        for caller in slow:
            assert _sent_away(caller.recv(65536)), "a caller without end was answered as if it had one"
    target.still_serves()


def _sent_away(answer: bytes) -> bool:
    return answer == b"" or answer.split(b" ", 2)[1] in (b"400", b"408")
