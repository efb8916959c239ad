"""Runs both echoes on the same server with the same workers, in turn, and compares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import urllib3
from lxml import etree

from bench.echo import on_soapkit, on_spyne
from bench.figures import Check, Plan, Report, Sample, Tell, alternate
from bench.load import Job, WrongAnswer, generate
from bench.processes import answers, free_port, python
from bench.serve import THREADS
from gateway.demo.orders import ebm, long_order
from soapkit.envelope import wrap

_LINES = 20
_CONNECTIONS = 8
_TIMES = 6.0
_WARM_UP = 0.2
_SIDES: Mapping[str, ModuleType] = {"soapkit": on_soapkit, "plain Spyne": on_spyne}


@dataclass(frozen=True, slots=True)
class _Server:
    kind: str
    workers: int

    @property
    def name(self) -> str:
        return f"{self.kind}, {self.workers} worker{'s' * (self.workers > 1)}"


_SERVERS = (_Server("granian", 1), _Server("granian", 2), _Server("waitress", 1))


def measure(plan: Plan, tell: Tell) -> Report:
    """Measure answers a second on each server, both sides in turn."""
    with TemporaryDirectory() as directory:
        request = Path(directory, "order.xml")
        order = long_order("1", "acct-1", "billprof-1", _LINES, "447700900123")
        request.write_bytes(wrap(etree.fromstring(ebm(order))))
        pairs = [_on(server, request, plan, tell) for server in _SERVERS]
        size = request.stat().st_size
    setup = {
        "message": f"a valid order EBM of {_LINES} lines, {size:,} bytes, validated in and out (by Spyne: in)",
        "load": f"{_CONNECTIONS} keep-alive connections, closed loop, {plan.rounds} runs of {plan.seconds:g} s a side",
        "threads": f"{THREADS} a worker",
    }
    samples = tuple(sample for pair in pairs for sample in pair)
    return Report(setup, samples, tuple(map(_check, _SERVERS, pairs)))


def _on(server: _Server, request: Path, plan: Plan, tell: Tell) -> tuple[Sample, ...]:
    with ExitStack() as running:
        ports = {name: running.enter_context(_serving(side, server, request.parent)) for name, side in _SIDES.items()}
        jobs = {
            name: Job(port, _SIDES[name].PATH, str(request), _CONNECTIONS, _WARM_UP) for name, port in ports.items()
        }
        _compare(*(_said(_posted(job)) for job in jobs.values()))
        for job in jobs.values():
            generate(job)
        timed = {f"{server.name}: {name}": partial(_rate, job, plan.seconds) for name, job in jobs.items()}
        return alternate(timed, "orders/s", plan, tell)


@contextmanager
def _serving(side: ModuleType, server: _Server, directory: Path) -> Iterator[int]:
    port = free_port()
    command = ["-m", "bench.serve", f"{side.__name__}:build", server.kind, str(server.workers), str(port)]
    with python(command, log=directory / f"{side.__name__}.log", ready=partial(answers, port)):
        yield port


def _rate(job: Job, seconds: float) -> float:
    return generate(Job(job.port, job.path, job.body, job.connections, seconds)).rate


def _posted(job: Job) -> bytes:
    url = f"http://127.0.0.1:{job.port}{job.path}"
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    with urllib3.PoolManager() as pool:
        return pool.request("POST", url, body=Path(job.body).read_bytes(), headers=headers, timeout=60).data


def _said(answer: bytes) -> list[tuple[str, object, str]]:
    """Say what the body of an answer says, however it is written: Spyne writes UTC as an offset."""
    body = etree.fromstring(answer)[-1]
    return [
        (str(node.tag), dict(node.items()), (node.text or "").strip().replace("+00:00", "Z"))
        for node in body.iterdescendants()
    ]


def _compare(ours: object, theirs: object) -> None:
    if ours != theirs:
        raise WrongAnswer("the two sides do not answer the same order")


def _check(server: _Server, pair: tuple[Sample, ...]) -> Check:
    ours, theirs = pair
    times = ours.median / theirs.median
    text = f"{server.name}: soapkit answers as many times the orders of plain Spyne"
    return Check(text, f"{times:.1f}", f"at least {_TIMES:g}", times >= _TIMES)
