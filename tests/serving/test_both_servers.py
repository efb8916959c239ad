"""What holds for waitress and granian alike, in processes of their own."""

from __future__ import annotations

import signal

import pytest

from soapkit.client import Client, Timeout
from tests.contract.soapkit.orders import element, order, orders
from tests.serving.conftest import Start
from tests.serving.servers import is_listening

SITE = "tests.contract.soapkit.orders:plain_site"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_answers_and_stops_when_it_is_told_to(server: Start, number: signal.Signals) -> None:
    served = server(SITE)
    client = Client(orders(), f"{served.url}/services/Orders", timeout=Timeout(5, 20))

    answers = [client.call("PlaceOrder", element(order())) for _ in range(5)]

    assert all(answer is not None for answer in answers)
    assert served.stop(number) == 0
    assert not is_listening(served.port)
