"""Every server in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.serving.servers import KINDS, Served, running_server

Start = Callable[..., Served]


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[Start]:
    """Give a function that serves a target (``module:factory``) until the test ends; over each of the servers."""
    with ExitStack() as stack:

        def start(target: str, **settings: Any) -> Served:
            return stack.enter_context(running_server(request.param, target, **settings))

        yield start
