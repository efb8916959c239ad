"""What a bench brings back: samples of alternating runs, checks against the targets, and both as text or JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure: ``rounds`` of each side in turn, ``seconds`` a run. ``quick`` only proves that it runs."""

    rounds: int
    seconds: float
    quick: bool = False


THOROUGH = Plan(rounds=5, seconds=2.0)
QUICK = Plan(rounds=1, seconds=0.3, quick=True)


@dataclass(frozen=True, slots=True)
class Sample:
    """The values of one side's runs, in ``unit``, in the order they were measured."""

    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value: what the sample stands for."""
        return median(self.values)

    def shape(self) -> dict[str, Any]:
        """Return the sample for JSON."""
        spread = {"min": min(self.values), "median": self.median, "max": max(self.values)}
        return {"name": self.name, "unit": self.unit, **spread, "values": list(self.values)}


@dataclass(frozen=True, slots=True)
class Check:
    """A target beside what was measured. ``met`` is None when nothing was promised."""

    text: str
    measured: str
    wanted: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One bench: how it was set up, what was measured, how that compares with what was promised."""

    setup: Mapping[str, str]
    samples: tuple[Sample, ...]
    checks: tuple[Check, ...] = field(default=())

    def shape(self) -> dict[str, Any]:
        """Return the report for JSON."""
        checks = [{"text": c.text, "measured": c.measured, "wanted": c.wanted, "met": c.met} for c in self.checks]
        return {"setup": dict(self.setup), "samples": [each.shape() for each in self.samples], "checks": checks}

    def lines(self) -> Iterator[str]:
        """Write the report for people: set-up, a table of min, median and max, and the checks."""
        yield from (f"  {name}: {value}" for name, value in self.setup.items())
        width = max(len(sample.name) for sample in self.samples)
        yield f"\n  {'':{width}}  {'min':>10} {'median':>10} {'max':>10}"
        for each in self.samples:
            spread = " ".join(f"{number(value):>10}" for value in (min(each.values), each.median, max(each.values)))
            yield f"  {each.name:{width}}  {spread}  {each.unit}"
        yield ""
        yield from (f"  {_verdict(check)}" for check in self.checks)


def number(value: float) -> str:
    """Write a figure with three digits that mean something, and thousands set apart."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def alternate(sides: Mapping[str, Callable[[], float]], unit: str, plan: Plan, tell: Tell) -> tuple[Sample, ...]:
    """Measure the sides in turn, A B A B …, so that a machine that changes its mind changes it for both."""
    values: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(1, plan.rounds + 1):
        for name, measure in sides.items():
            values[name].append(measure())
            tell(f"{name}: {number(values[name][-1])} {unit} ({turn}/{plan.rounds})")
    return tuple(Sample(name, unit, tuple(measured)) for name, measured in values.items())


def _verdict(check: Check) -> str:
    words = {None: "", True: f"(wanted: {check.wanted}; met)", False: f"(wanted: {check.wanted}; NOT MET)"}
    return f"{check.text}: {check.measured} {words[check.met]}".rstrip()
