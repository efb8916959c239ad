"""Metrics of SOAP calls for Prometheus, by service and operation; right however many workers there are.

    soap_requests_total{service, operation, outcome}   outcome: answered, accepted (202), fault
    soap_faults_total{service, operation, code, rule}  code by its name in SOAP 1.1
    soap_request_seconds{service, operation}           histogram, as are the next two
    soap_request_bytes, soap_response_bytes
    soap_requests_in_flight{service, operation}

Labels are names from contracts and rules, never a caller's words. Where several workers serve,
``PROMETHEUS_MULTIPROC_DIR`` names the directory in which their figures are added up (``soapkit.serving.workers``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from soapkit.exchange import Exchange
from soapkit.module import Module
from soapkit.observe.observed import Answered

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
    from prometheus_client.metrics_core import GaugeMetricFamily

_NAMED = ("service", "operation")
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_BYTES = tuple(1024 * 4**power for power in range(8))
_SHARED = "PROMETHEUS_MULTIPROC_DIR"
_LIVE_FILE = re.compile(r"gauge_live[a-z]+_(\d+)\.db")
_NOTE = "soapkit.observe.metrics"


@dataclass(frozen=True, slots=True)
class Reading:
    """A product's own gauge, read when it is asked for; ``values`` are by the values of its labels."""

    name: str
    about: str
    labels: tuple[str, ...]
    values: Mapping[tuple[str, ...], float]


class Metrics(Module):
    """Counts calls: a module, to know those under way, and an observer of those that are answered."""

    def __init__(self, readings: Callable[[], Iterable[Reading]] = tuple) -> None:
        import prometheus_client as prometheus  # noqa: PLC0415 - slow to import, and not wanted by every command

        if os.environ.get(_SHARED):  # imported before that was said, it would not have noticed
            prometheus.values.ValueClass = prometheus.values.get_value_class()  # type: ignore[no-untyped-call] # untyped there
        self._registry = registry = prometheus.CollectorRegistry()
        self._readings = readings
        self._requests = prometheus.Counter(
            "soap_requests", "SOAP calls answered", (*_NAMED, "outcome"), registry=registry
        )
        self._faults = prometheus.Counter(
            "soap_faults", "SOAP calls answered with a fault", (*_NAMED, "code", "rule"), registry=registry
        )
        self._in_flight = prometheus.Gauge(
            "soap_requests_in_flight",
            "SOAP calls dispatched and not answered yet",
            _NAMED,
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._histograms: Sequence[Histogram] = [
            prometheus.Histogram(name, about, _NAMED, buckets=buckets, registry=registry)
            for name, about, buckets in (
                ("soap_request_seconds", "Time to answer a SOAP call", _SECONDS),
                ("soap_request_bytes", "Size of SOAP requests", _BYTES),
                ("soap_response_bytes", "Size of SOAP answers", _BYTES),
            )
        ]
        self._cells: dict[tuple[str, str], _Cell] = {}

    def dispatched(self, exchange: Exchange) -> None:
        """Count a call as under way."""
        cell = self._cell(exchange.service.contract.name, exchange.operation.name if exchange.operation else "")
        exchange.notes[_NOTE] = cell.in_flight
        cell.in_flight.inc()

    def answered(self, seen: Answered) -> None:
        """Count a call that is answered; an observer."""
        exchange = seen.exchange
        cell = self._cell(seen.service, seen.operation)
        under_way: Gauge | None = exchange.notes.pop(_NOTE, None)
        if under_way is not None:
            under_way.dec()
        for histogram, value in zip(cell.histograms, (seen.seconds, len(exchange.raw), seen.bytes_out), strict=True):
            histogram.observe(value)
        if exchange.fault is None:
            (cell.accepted if seen.status == 202 else cell.answered).inc()  # noqa: PLR2004 - HTTP's Accepted
            return
        cell.faulted.inc()
        code, rule = str(exchange.fault.code), exchange.rule or ""
        self._faults.labels(seen.service, seen.operation, code, rule).inc()

    def text(self) -> tuple[str, bytes]:
        """Return the content type and the page that Prometheus reads."""
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415 - as in __init__

        return CONTENT_TYPE_LATEST, generate_latest(self._everything())

    def _everything(self) -> CollectorRegistry:
        from prometheus_client import CollectorRegistry, multiprocess  # noqa: PLC0415 - as in __init__

        page = CollectorRegistry()
        shared = os.environ.get(_SHARED)
        if shared:
            _forget_the_dead(Path(shared))
            multiprocess.MultiProcessCollector(page, shared)  # type: ignore[no-untyped-call] # untyped there
        else:
            page.register(self._registry)
        page.register(cast("Any", _Readings(self._readings)))
        return page

    def _cell(self, service: str, operation: str) -> _Cell:
        cell = self._cells.get((service, operation))
        if cell is None:
            answered, accepted, faulted = (
                self._requests.labels(service, operation, outcome) for outcome in ("answered", "accepted", "fault")
            )
            in_flight = self._in_flight.labels(service, operation)
            histograms = tuple(histogram.labels(service, operation) for histogram in self._histograms)
            cell = self._cells[service, operation] = _Cell(answered, accepted, faulted, in_flight, histograms)
        return cell


@dataclass(frozen=True, slots=True)
class _Cell:
    """The figures of one operation, looked up once."""

    answered: Counter
    accepted: Counter
    faulted: Counter
    in_flight: Gauge
    histograms: tuple[Histogram, ...]


@dataclass(frozen=True, slots=True)
class _Readings:
    read: Callable[[], Iterable[Reading]]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield what the product reads now."""
        from prometheus_client.metrics_core import GaugeMetricFamily  # noqa: PLC0415 - as in __init__

        for reading in self.read():
            family = GaugeMetricFamily(reading.name, reading.about, labels=reading.labels)
            for labels, value in reading.values.items():
                family.add_metric(labels, value)
            yield family


def _forget_the_dead(shared: Path) -> None:
    """Take out the gauges of workers that are gone: what they had under way will never end."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - as in __init__

    for file in shared.glob("gauge_live*.db"):
        named = _LIVE_FILE.fullmatch(file.name)
        if named and not _runs(int(named[1])):
            multiprocess.mark_process_dead(named[1], str(shared))  # type: ignore[no-untyped-call] # untyped there


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
