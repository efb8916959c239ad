"""What one more line costs: the time of orders of 10, 100 and 1,000 lines, and what a line adds between those sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice

from bench.figures import Check, Plan, Report, Sample, Tell, alternate
from bench.orders.rig import Rig, Wait, rig, waits_of
from gateway.demo.orders import ebm, long_order

_ORDERS: Mapping[int, int] = {10: 10, 100: 3, 1000: 1}
"""Lines of an order → orders in a run: short ones are too quick to be measured alone."""
_RUNS = ", ".join(f"{orders} of {lines:,} lines" for lines, orders in _ORDERS.items())
_FLAT = 1.3


@dataclass(slots=True)
class _Track:
    """Runs on one rig. Each order is for a customer that has nothing yet; ``runs`` are when runs began and ended."""

    rig: Rig
    runs: dict[int, list[tuple[float, float]]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    def run(self, lines: int) -> float:
        """Milliseconds an order of this many lines takes, one worker, from queue to response."""
        began, ended = self.rig.through([self._order(lines, number) for number in islice(self.numbers, _ORDERS[lines])])
        self.runs.setdefault(lines, []).append((began, ended))
        return 1000 * (ended - began) / _ORDERS[lines]

    def waited(self, lines: int, waits: Sequence[Wait]) -> Sample:
        """Milliseconds an order of this many lines waits for BRM."""
        sums = (sum(wait.waited for wait in waits if began <= wait.began <= ended) for began, ended in self.runs[lines])
        return Sample(
            f"{lines:,} lines: waiting for BRM", "ms an order", tuple(1000 * s / _ORDERS[lines] for s in sums)
        )

    def _order(self, lines: int, number: int) -> bytes:
        customer = self.rig.customers[number]
        order = long_order(f"LONG-{number}", customer.account, customer.billing_profile, lines, f"4490000{number:05}")
        return ebm(order)


def measure(plan: Plan, tell: Tell) -> Report:
    """Measure the three sizes in turn, with one worker."""
    with rig(customers=(plan.rounds + 1) * sum(_ORDERS.values())) as running:
        track = _Track(running)
        with running.workers(1) as files:
            track.run(10)  # the first orders compile schemas and open connections
            track.runs.clear()
            timed = alternate(_sides(track), "ms an order", plan, tell)
        waits = waits_of(files)
        waited = [track.waited(lines, waits) for lines in _ORDERS]
    setup = {
        "order": "one mobile bundle and as many subscriptions under it as it takes, for a customer who has nothing yet",
        "processes": "one gateway worker with one thread; BRM simulator (1 process, waitress); both on SQLite files",
        "run": f"orders put at once: {_RUNS}",
    }
    return Report(setup, tuple(s for pair in zip(timed, waited, strict=True) for s in pair), (_check(timed),))


def _sides(track: _Track) -> dict[str, partial[float]]:
    return {f"{lines:,} lines": partial(track.run, lines) for lines in _ORDERS}


def _check(timed: Sequence[Sample]) -> Check:
    """Compare what a line adds from 100 to 1,000 lines with what it adds from 10 to 100."""
    short, middle, long = (sample.median for sample in timed)
    early, late = (middle - short) / 90, (long - middle) / 900
    grown = late / early
    text = f"a line costs {early:.3g} ms between 10 and 100 lines, {late:.3g} ms between 100 and 1,000; growth"
    return Check(text, f"{grown:.2f} times", f"at most {_FLAT}", grown <= _FLAT)
