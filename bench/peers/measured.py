"""Runs the stacks in turn, one loaded at a time, and compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import urllib3
from lxml import etree

from bench.figures import Check, Plan, Report, Sample, Tell, alternate
from bench.load import Job, WrongAnswer, generate
from bench.peers.stacks import OURS, WANTED, Missing, Stack
from gateway.demo.orders import ebm, long_order
from soapkit.envelope import wrap

_LINES = 20
_CONNECTIONS = 8
_WARM_UP = 15.0
_QUICK_WARM_UP = 0.5


def measure(plan: Plan, tell: Tell) -> Report:
    """Measure answers a second of each stack that is installed; what is not is named in the set-up."""
    warm_up = _QUICK_WARM_UP if plan.quick else _WARM_UP
    with TemporaryDirectory() as name, ExitStack() as running:
        request = Path(name, "order.xml")
        request.write_bytes(_order())
        jobs, missing = _started(running, request, tell)
        _compare({stack: _said(job) for stack, job in jobs.items()})
        for stack, job in jobs.items():
            tell(f"warming up {stack.name} for {warm_up:g} s")
            generate(_lasting(job, warm_up))
        timed = {stack.name: partial(_rate, job, plan.seconds) for stack, job in jobs.items()}
        samples = alternate(timed, "orders/s", plan, tell)
        size = request.stat().st_size
    setup = {
        "message": f"a valid order EBM of {_LINES} lines, {size:,} bytes",
        "validated": "by soapkit and JAX-WS RI in and out; node-soap does not validate",
        "load": f"{_CONNECTIONS} keep-alive connections, closed loop, {plan.rounds} runs of {plan.seconds:g} s a side, "
        f"after {warm_up:g} s of warming up each",
        "not measured": "; ".join(missing) or "nothing",
    }
    return Report(setup, samples, tuple(_checks(dict(zip(jobs, samples, strict=True)))))


def _order() -> bytes:
    return wrap(etree.fromstring(ebm(long_order("1", "acct-1", "billprof-1", _LINES, "447700900123"))))


def _started(running: ExitStack, request: Path, tell: Tell) -> tuple[dict[Stack, Job], list[str]]:
    jobs, missing = {}, []
    for stack in (OURS, *WANTED):
        tell(f"starting {stack.name}")
        try:
            port = running.enter_context(stack.running(request.parent))
        except Missing as reason:
            missing.append(f"{stack.name} ({reason})")
        else:
            jobs[stack] = Job(port, stack.path, str(request), _CONNECTIONS, 1.0)
    return jobs, missing


def _lasting(job: Job, seconds: float) -> Job:
    return Job(job.port, job.path, job.body, job.connections, seconds)


def _rate(job: Job, seconds: float) -> float:
    return generate(_lasting(job, seconds)).rate


def _said(job: Job) -> Sequence[tuple[str, str]]:
    """Say what an answer says: names without namespaces, and text; node-soap mixes up namespaces, or forgets them."""
    url = f"http://127.0.0.1:{job.port}{job.path}"
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
    with urllib3.PoolManager() as pool:
        answer = pool.request("POST", url, body=Path(job.body).read_bytes(), headers=headers, timeout=60).data
    body = etree.fromstring(answer, etree.XMLParser(recover=True))[-1]
    return [(etree.QName(node).localname, (node.text or "").strip()) for node in body.iterdescendants()]


def _compare(said: Mapping[Stack, Sequence[tuple[str, str]]]) -> None:
    for stack, answer in said.items():
        if answer != said[OURS]:
            raise WrongAnswer(f"{stack.name} does not answer the order it was sent")


def _checks(samples: Mapping[Stack, Sample]) -> list[Check]:
    return [_check(stack, samples[OURS].median / samples[stack].median) for stack in WANTED if stack in samples]


def _check(stack: Stack, times: float) -> Check:
    text = f"soapkit answers as many times the orders of {stack.name}"
    wanted = WANTED[stack]
    if wanted is None:
        return Check(text, f"{times:.1f}")
    return Check(text, f"{times:.1f}", f"at least {wanted:g}", times >= wanted)
