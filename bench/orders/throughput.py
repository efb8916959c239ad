"""Orders a second from queue to response, beside the same opcodes issued by a bare client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice

from bench.figures import Check, Plan, Report, Sample, Tell, alternate
from bench.orders.recording import record, save
from bench.orders.replay import Job, replay
from bench.orders.rig import Rig, rig, waits_of
from gateway.demo.orders import ebm, mobile_order

_CUSTOMERS = 20
_CONCURRENCY = (1, 2)
_WARM_UP = 4


@dataclass(slots=True)
class _Track:
    """Runs on one rig; numbers orders so that none is ever the same, and collects the shares of waiting."""

    rig: Rig
    orders: int
    shares: dict[int, list[float]] = field(default_factory=dict)
    replays: int = 0
    numbers: Iterator[int] = field(default_factory=count)

    def gateway(self, workers: int) -> float:
        """Orders a second through this many worker processes."""
        with self.rig.workers(workers) as files:
            self.rig.through(self._orders(_WARM_UP * workers))
            began, ended = self.rig.through(self._orders(self.orders))
        waited = sum(wait.waited for wait in waits_of(files) if began <= wait.began <= ended)
        self.shares.setdefault(workers, []).append(100 * waited / (workers * (ended - began)))
        return self.orders / (ended - began)

    def bare(self, clients: int) -> float:
        """Orders a second of the bare client, this many at a time."""
        first, self.replays = self.replays, self.replays + self.orders
        return self.orders / replay(
            Job(self.rig.directory / "recordings.json", self.rig.brm_url, clients, self.orders, first)
        )

    def _orders(self, wanted: int) -> list[bytes]:
        return [self._order(number) for number in islice(self.numbers, wanted)]

    def _order(self, number: int) -> bytes:
        customer = self.rig.customers[number % len(self.rig.customers)]
        return ebm(
            mobile_order(f"BENCH-{number:05}", customer.account, customer.billing_profile, f"4490000{number:05}")
        )


def measure(plan: Plan, tell: Tell) -> Report:
    """Measure with one worker and with two, gateway and bare client in turn."""
    with rig(_CUSTOMERS) as running:
        recordings = record(running)
        save(recordings, running.directory / "recordings.json")
        track = _Track(running, 8 if plan.quick else 120)
        pairs = [_pair(track, workers, plan, tell) for workers in _CONCURRENCY]
    setup = {
        "order": f"5 lines, {len(recordings[0].posts)} opcode calls, OPEN to FORGET; {_CUSTOMERS} customers",
        "processes": "gateway workers with one thread each; BRM simulator (1 process, waitress); all on SQLite files",
        "run": f"{track.orders} orders, put at once; the bare client replays what such an order said to BRM",
    }
    shares = [
        Sample(f"{_named(w)}: gateway, waiting for BRM", "% of time", tuple(track.shares[w])) for w in _CONCURRENCY
    ]
    samples = tuple(sample for pair, share in zip(pairs, shares, strict=True) for sample in (*pair, share))
    return Report(setup, samples, tuple(map(_check, _CONCURRENCY, pairs)))


def _pair(track: _Track, workers: int, plan: Plan, tell: Tell) -> tuple[Sample, ...]:
    sides = {
        f"{_named(workers)}: gateway": partial(track.gateway, workers),
        f"{_named(workers)}: bare client": partial(track.bare, workers),
    }
    return alternate(sides, "orders/s", plan, tell)


def _named(workers: int) -> str:
    return f"{workers} at a time"


def _check(workers: int, pair: Sequence[Sample]) -> Check:
    gateway, bare = pair
    share = 100 * gateway.median / bare.median
    return Check(f"{_named(workers)}: the gateway's rate as a share of the bare client's", f"{share:.0f} %")
