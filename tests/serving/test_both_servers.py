"""What holds for waitress and granian alike, in processes of their own."""

from __future__ import annotations

import signal

import pytest
import urllib3

from soapkit.client import Client, Timeout
from tests.contract.soapkit.orders import element, order, orders
from tests.serving.conftest import Start
from tests.serving.servers import is_listening
from tests.serving.slow import callers, everything, head

SITE = "tests.contract.soapkit.orders:plain_site"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_answers_and_stops_when_it_is_told_to(server: Start, number: signal.Signals) -> None:
    served = server(SITE)
    client = Client(orders(), f"{served.url}/services/Orders", timeout=Timeout(5, 20))

    answers = [client.call("PlaceOrder", element(order())) for _ in range(5)]

    assert all(answer is not None for answer in answers)
    assert served.stop(number) == 0
    assert not is_listening(served.port)


def test_no_answer_names_the_server_that_is_behind_it(server: Start) -> None:
    served = server(SITE, max_seconds=1)
    answers = [
        urllib3.request("GET", f"{served.url}{path}", retries=False, timeout=20) for path in ("/services/", "/no")
    ]
    with callers(served.port, 1, head(10)) as (slow,):
        late = everything(slow)

    named = [answer.headers.get("Server", "") for answer in answers] + [late.decode()]
    assert [text for text in named if "granian" in text.lower() or "waitress" in text.lower()] == []
