"""``python -m bench [name …] [--quick] [--json]``: what it was measured on, then each bench with its medians.

Progress goes to stderr. A new bench is a row of ``_BENCHES``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench import machine
from bench.cut import measured as cut
from bench.echo import measured as echo
from bench.figures import QUICK, THOROUGH, Plan, Report, Tell
from bench.orders import lines, throughput
from bench.peers import measured as peers


@dataclass(frozen=True, slots=True)
class _Bench:
    """One bench: what it answers, and how it is measured."""

    question: str
    measure: Callable[[Plan, Tell], Report]


_BENCHES: Mapping[str, _Bench] = {
    "echo": _Bench("What does a 20-line order cost at the SOAP edge, beside plain Spyne?", echo.measure),
    "peers": _Bench("And beside the stacks that others would choose, JAX-WS RI and node-soap?", peers.measure),
    "cut": _Bench("What does CUT Get Account Data cost, gateway and Siebel and back, beside node-soap?", cut.measure),
    "orders": _Bench("How many orders a second, queue to response, and how much of that is BRM's?", throughput.measure),
    "lines": _Bench("What does one more line of an order cost, in short orders and in long ones?", lines.measure),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for, all without a name."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(_BENCHES):
        parser.error(f"no bench is called {', '.join(sorted(unknown))}; there are {', '.join(_BENCHES)}")
    set_up = machine.described()
    if not asked.json:
        _say("\n".join(f"{name}: {value}" for name, value in set_up.items()))
    reports = {}
    for name in asked.names or _BENCHES:
        reports[name] = _BENCHES[name].measure(QUICK if asked.quick else THOROUGH, _progress(name))
        if not asked.json:
            _say("\n".join(("", f"{name}: {_BENCHES[name].question}", *reports[name].lines())))
    if asked.json:
        _say(
            json.dumps(
                {"machine": set_up, "benches": {name: report.shape() for name, report in reports.items()}}, indent=2
            )
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures the product here and now.")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(f"  {name:8} {bench.question}" for name, bench in _BENCHES.items())
    parser.add_argument("names", nargs="*", metavar="name", help="benches to run; all without a name")
    parser.add_argument("--quick", action="store_true", help="one short round: proves that it runs, measures little")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return parser


def _progress(name: str) -> Tell:
    def tell(text: str) -> None:
        sys.stderr.write(f"… {name}: {text}\n")
        sys.stderr.flush()

    return tell


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
