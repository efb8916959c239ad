"""CUT Get Account Data: gateway and simulator beside node-soap, with one worker and two; few accounts and many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import urllib3
from lxml import etree

from bench.cut.accounts import Accounts, Kind, save_as_objects, seeded
from bench.cut.sides import Gateway, node_soap, ours
from bench.figures import Check, Plan, Report, Sample, Tell, alternate
from bench.load import Job, WrongAnswer, generate
from bench.peers.stacks import Missing

_CONNECTIONS = 8
_FEW, _MANY = 1_000, 100_000
_QUICK_FEW, _QUICK_MANY = 60, 120
_SAME = 1.2
_WARM_UP = 3.0
_MOST_ROUNDS = 3
"""There are many sides, and 100,000 accounts take a minute to make."""


@dataclass(slots=True)
class _Runs:
    """Timed runs, all on databases and requests in ``directory``; their waits are kept beside their rates."""

    directory: Path
    plan: Plan
    tell: Tell
    waits: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def of(self, sides: Mapping[str, Job]) -> tuple[Sample, ...]:
        """Measure the sides in turn, once they are warm."""
        for job in sides.values():
            generate(replace(job, seconds=self.plan.seconds if self.plan.quick else _WARM_UP))
        timed = {name: partial(self._rate, name, job) for name, job in sides.items()}
        return alternate(timed, "calls/s", self.plan, self.tell)

    def waited(self, name: str) -> tuple[Sample, Sample]:
        """Give the waits of a side."""
        p50s, p99s = zip(*self.waits[name], strict=True)
        return Sample(f"{name}, p50", "ms", p50s), Sample(f"{name}, p99", "ms", p99s)

    def job(self, gateway: Gateway, accounts: Accounts, kind: Kind) -> Job:
        """Ask a gateway for accounts of a kind."""
        return Job(gateway.port, gateway.path, str(accounts.requests(kind)), _CONNECTIONS, self.plan.seconds)

    def _rate(self, name: str, job: Job) -> float:
        done = generate(job)
        self.waits.setdefault(name, []).append((1000 * done.p50, 1000 * done.p99))
        return done.rate


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is measured beside node-soap: so many workers, and accounts of a kind; the target, where there is one."""

    workers: int
    kind: Kind
    times: float | None

    @property
    def name(self) -> str:
        return f"{_KINDS[self.kind]}, {self.workers} worker{'s' * (self.workers > 1)}"


_KINDS = {Kind.HEAD_OFFICE: "head offices", Kind.HOUSEHOLD: "households"}
_BESIDE = (
    _Beside(1, Kind.HEAD_OFFICE, 1.5),
    _Beside(2, Kind.HEAD_OFFICE, 1.5),
    _Beside(2, Kind.HOUSEHOLD, None),
)


def measure(plan: Plan, tell: Tell) -> Report:
    """Measure calls a second, and how long one takes."""
    plan = replace(plan, rounds=min(plan.rounds, _MOST_ROUNDS))
    with TemporaryDirectory() as name:
        runs = _Runs(Path(name), plan, tell)
        few = seeded(runs.directory, _QUICK_FEW if plan.quick else _FEW, tell)
        many = seeded(runs.directory, _QUICK_MANY if plan.quick else _MANY, tell)
        sizes, missing = dict[Kind, float](), set[str]()
        pairs = {each: _beside(each, few, runs, sizes, missing) for each in (_BESIDE[:1] if plan.quick else _BESIDE)}
        by_count = _by_count((few, many), runs)
    told = ", ".join(f"{_KINDS[kind]} {size:,.0f} bytes" for kind, size in sizes.items())
    setup = {
        "message": f"an account with its addresses, people and bills, by row id; answers: {told}",
        "a head office has": "8 addresses, 20 people, 5 bills; a household 1 or 2 of each",
        "validated": "every message in and out of both hops; by node-soap none",
        "processes": "gateway and simulator (granian, 2 threads a worker, SQLite); node-soap twice, accounts in memory",
        "load": f"{_CONNECTIONS} keep-alive connections, closed loop, {plan.rounds} runs of {plan.seconds:g} s a side",
        "not measured": "; ".join(missing) or "nothing",
    }
    samples = tuple(each for pair in pairs.values() for each in pair)
    waits = tuple(wait for each in samples for wait in runs.waited(each.name))
    checks = [_check(beside, *pair) for beside, pair in pairs.items() if len(pair) > 1]
    return Report(setup, (*samples, *by_count, *waits), (*checks, _same(*by_count)))


def _beside(
    beside: _Beside, accounts: Accounts, runs: _Runs, sizes: dict[Kind, float], missing: set[str]
) -> tuple[Sample, ...]:
    """Measure ours, and node-soap's where it is installed."""
    requests, file = accounts.requests(beside.kind), runs.directory / "accounts.json"
    with ExitStack() as running:
        gateway = running.enter_context(ours(runs.directory, accounts.url, beside.workers))
        answers = _answers(gateway, requests)
        sizes[beside.kind] = fmean(len(etree.tostring(answer)) for answer in answers.values())
        sides = {f"{beside.name}: gateway and simulator": runs.job(gateway, accounts, beside.kind)}
        save_as_objects(answers, file)
        try:
            theirs = running.enter_context(node_soap(runs.directory, file, beside.workers))
        except Missing as reason:
            missing.add(f"node-soap ({reason})")
        else:
            _compare(answers, _answers(theirs, requests))
            sides[f"{beside.name}: node-soap"] = runs.job(theirs, accounts, beside.kind)
        return runs.of(sides)


def _by_count(databases: Sequence[Accounts], runs: _Runs) -> tuple[Sample, ...]:
    with ExitStack() as running:
        sides = {}
        for each in databases:
            gateway = running.enter_context(ours(runs.directory, each.url, 1))
            sides[f"1 worker, {each.count:,} accounts"] = runs.job(gateway, each, Kind.HEAD_OFFICE)
        return runs.of(sides)


def _answers(gateway: Gateway, requests: Path) -> dict[str, etree._Element]:
    """Send every request once: what the answer's body holds, by row id."""
    url = f"http://127.0.0.1:{gateway.port}{gateway.path}"
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
    found = {}
    with urllib3.PoolManager() as pool:
        for request in sorted(requests.iterdir()):
            answer = pool.request("POST", url, body=request.read_bytes(), headers=headers, timeout=60)
            if answer.status != 200:  # noqa: PLR2004 - HTTP's OK
                raise WrongAnswer(f"HTTP {answer.status}: {answer.data[:2000].decode('utf-8', 'replace')}")
            found[request.stem] = etree.fromstring(answer.data, etree.XMLParser(recover=True))[-1]
    return found


def _compare(ours_said: Mapping[str, etree._Element], theirs_said: Mapping[str, etree._Element]) -> None:
    for row_id, answer in ours_said.items():
        if _said(answer) != _said(theirs_said[row_id]):
            raise WrongAnswer(f"the two sides answer different accounts {row_id}")


def _said(answer: etree._Element) -> list[tuple[str, str]]:
    """Say what an answer says: names without namespaces, and text; node-soap forgets namespaces."""
    return [(etree.QName(node).localname, (node.text or "").strip()) for node in answer.iterdescendants()]


def _check(beside: _Beside, ours_done: Sample, theirs_done: Sample) -> Check:
    times, wanted = ours_done.median / theirs_done.median, beside.times
    text = f"{beside.name}: as many times the calls of node-soap"
    if wanted is None:
        return Check(text, f"{times:.2f}")
    return Check(text, f"{times:.2f}", f"at least {wanted:g}", times >= wanted)


def _same(few: Sample, many: Sample) -> Check:
    times = few.median / many.median
    return Check(f"{many.name}: slower than {few.name} by", f"{times:.2f}", f"at most {_SAME:g}", times <= _SAME)
