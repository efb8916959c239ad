"""The processes that partners talk to, and the Java client, made once a session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.interop.jaxws import Facts, JaxWs, MissingTool
from tests.interop.places import BILLING, BRM_BASE, CONSUMER, Customer, Running, Site
from tests.interop.processes import started

COMPILED = {BILLING: "orders", CONSUMER: "orders", BRM_BASE: "brm"}
"""Services whose stubs our programs use; stubs of one group share their classes for messages."""


@dataclass(frozen=True, slots=True)
class Stubs:
    """Generated and compiled: what wsimport complained about, by URL, what javac said, and programs to run."""

    tools: JaxWs
    classes: Path
    complaints: Mapping[str, list[str]]
    compiled: str

    def run(self, program: str, *arguments: str) -> Facts:
        return self.tools.run(self.classes, program, *arguments)


@pytest.fixture(scope="session")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("processes")) as running:
        yield running


@pytest.fixture(scope="session")
def gateway_url(processes: Running) -> str:
    return processes.gateway.url


@pytest.fixture(scope="session")
def brm_url(processes: Running) -> str:
    return processes.brm.url


@pytest.fixture(scope="session")
def gateway(gateway_url: str) -> Site:
    return Site(gateway_url)


@pytest.fixture(scope="session")
def brm(brm_url: str) -> Site:
    return Site(brm_url)


@pytest.fixture(scope="session")
def customer(processes: Running) -> Customer:
    return processes.customer


@pytest.fixture(scope="session")
def stubs(gateway: Site, brm: Site, tmp_path_factory: pytest.TempPathFactory) -> Stubs:
    """Generate from everything that is published, once; compile what the programs need."""
    try:
        tools = JaxWs.installed()
    except MissingTool as missing:
        pytest.skip(str(missing))
    generated = tmp_path_factory.mktemp("stubs")
    classes = tmp_path_factory.mktemp("classes")
    published = gateway.services() | brm.services()
    complaints = tools.generate(generated, {url: COMPILED.get(name, name) for name, url in published.items()})
    compiled = tools.compile(classes, [generated / group for group in {*COMPILED.values()}])
    return Stubs(tools, classes, complaints, compiled)
