"""CUT Get Account Data: gateway and simulator beside node-soap, with one worker and two; few accounts and many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import urllib3
from lxml import etree

from bench.cut.accounts import Accounts, save_as_objects, seeded
from bench.cut.sides import Gateway, node_soap, ours
from bench.figures import Check, Plan, Report, Sample, Tell, alternate
from bench.load import Job, WrongAnswer, generate
from bench.peers.stacks import Missing

_CONNECTIONS = 8
_WORKERS = (1, 2)
_QUICK_WORKERS = (1,)
_FEW, _MANY = 1_000, 100_000
_QUICK_FEW, _QUICK_MANY = 60, 120
_TIMES, _SAME = 1.5, 1.2
_WARM_UP = 4.0
_NODE = "node-soap"


@dataclass(slots=True)
class _Runs:
    """Timed runs: their rates are what is compared, their waits are kept beside."""

    waits: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def rate(self, name: str, job: Job) -> float:
        done = generate(job)
        self.waits.setdefault(name, []).append((1000 * done.p50, 1000 * done.p99))
        return done.rate

    def samples(self, sides: Mapping[str, Job], plan: Plan, tell: Tell) -> tuple[Sample, ...]:
        """Measure the sides in turn: for each its rates, and its waits."""
        for job in sides.values():
            generate(Job(job.port, job.path, job.body, job.connections, plan.seconds if plan.quick else _WARM_UP))
        timed = {name: partial(self.rate, name, job) for name, job in sides.items()}
        return alternate(timed, "calls/s", plan, tell)

    def kept(self, name: str) -> tuple[Sample, Sample]:
        """Give the waits of a side."""
        p50s, p99s = zip(*self.waits[name], strict=True)
        return Sample(f"{name}, p50", "ms", p50s), Sample(f"{name}, p99", "ms", p99s)


def measure(plan: Plan, tell: Tell) -> Report:
    """Measure calls a second, and how long one takes."""
    with TemporaryDirectory() as name:
        directory, runs = Path(name), _Runs()
        few = seeded(directory, _QUICK_FEW if plan.quick else _FEW, tell)
        many = seeded(directory, _QUICK_MANY if plan.quick else _MANY, tell)
        answers, pairs, missing = _beside(directory, few, runs, plan, tell)
        sizes = _by_size(directory, (few, many), runs, plan, tell)
    setup = {
        "message": f"{len(answers)} accounts with addresses, people and billing profiles, one a call, in turn; "
        f"an answer has {fmean(answers):,.0f} bytes",
        "validated": "every message in and out of both hops; by node-soap none",
        "processes": "gateway and simulator (granian, 2 threads a worker, SQLite); node-soap twice, accounts in memory",
        "load": f"{_CONNECTIONS} keep-alive connections, closed loop, {plan.rounds} runs of {plan.seconds:g} s a side",
        "not measured": missing or "nothing",
    }
    samples = tuple(each for pair in pairs.values() for each in pair)
    waits = tuple(wait for each in samples for wait in runs.kept(each.name))
    checks = [_beside_node(workers, pair) for workers, pair in pairs.items() if len(pair) > 1]
    return Report(setup, (*samples, *sizes, *waits), (*checks, _same(sizes)))


def _beside(
    directory: Path, accounts: Accounts, runs: _Runs, plan: Plan, tell: Tell
) -> tuple[Sequence[int], dict[int, tuple[Sample, ...]], str]:
    """Measure ours and node-soap's for each number of workers; sizes of the answers, samples, and what is missing."""
    pairs, missing, sizes, file = {}, "", list[int](), directory / "accounts.json"
    for workers in _QUICK_WORKERS if plan.quick else _WORKERS:
        with ExitStack() as running:
            gateway = running.enter_context(ours(directory, accounts.url, workers))
            answers = _all_answers(gateway, accounts)
            sizes = [len(etree.tostring(answer)) for answer in answers.values()]
            sides = {f"{_named(workers)}: gateway and simulator": _job(gateway, accounts, plan)}
            save_as_objects(answers, file)
            try:
                theirs = running.enter_context(node_soap(directory, file, workers))
            except Missing as reason:
                missing = f"{_NODE} ({reason})"
            else:
                _compare(answers, _all_answers(theirs, accounts))
                sides[f"{_named(workers)}: {_NODE}"] = _job(theirs, accounts, plan)
            pairs[workers] = runs.samples(sides, plan, tell)
    return sizes, pairs, missing


def _by_size(directory: Path, sizes: Sequence[Accounts], runs: _Runs, plan: Plan, tell: Tell) -> tuple[Sample, ...]:
    with ExitStack() as running:
        sides = {
            f"{each.count:,} accounts": _job(running.enter_context(ours(directory, each.url, 1)), each, plan)
            for each in sizes
        }
        return runs.samples(sides, plan, tell)


def _job(gateway: Gateway, accounts: Accounts, plan: Plan) -> Job:
    return Job(gateway.port, gateway.path, str(accounts.requests), _CONNECTIONS, plan.seconds)


def _all_answers(gateway: Gateway, accounts: Accounts) -> dict[str, etree._Element]:
    """Ask for every account once: what the answer's body holds, by row id."""
    url = f"http://127.0.0.1:{gateway.port}{gateway.path}"
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
    found = {}
    with urllib3.PoolManager() as pool:
        for request in sorted(accounts.requests.iterdir()):
            answer = pool.request("POST", url, body=request.read_bytes(), headers=headers, timeout=60)
            if answer.status != 200:  # noqa: PLR2004 - HTTP's OK
                raise WrongAnswer(answer.data.decode("utf-8", "replace"))
            found[request.stem] = etree.fromstring(answer.data, etree.XMLParser(recover=True))[-1]
    return found


def _compare(ours_said: Mapping[str, etree._Element], theirs_said: Mapping[str, etree._Element]) -> None:
    for row_id, answer in ours_said.items():
        if _said(answer) != _said(theirs_said[row_id]):
            raise WrongAnswer(f"the two sides answer different accounts {row_id}")


def _said(answer: etree._Element) -> list[tuple[str, str]]:
    """Say what an answer says: names without namespaces, and text; node-soap forgets namespaces."""
    return [(etree.QName(node).localname, (node.text or "").strip()) for node in answer.iterdescendants()]


def _named(workers: int) -> str:
    return f"{workers} worker{'s' * (workers > 1)}"


def _beside_node(workers: int, pair: tuple[Sample, ...]) -> Check:
    times = pair[0].median / pair[1].median
    text = f"{_named(workers)}: as many times the calls of node-soap"
    return Check(text, f"{times:.2f}", f"at least {_TIMES:g}", times >= _TIMES)


def _same(sizes: tuple[Sample, ...]) -> Check:
    times = sizes[0].median / sizes[1].median
    text = f"{sizes[1].name}: slower than {sizes[0].name} by a factor of"
    return Check(text, f"{times:.2f}", f"at most {_SAME:g}", times <= _SAME)
