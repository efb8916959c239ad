"""That the bench runs and says what it must. Nothing timed is asserted here: figures belong to a quiet machine."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def _bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=150)


def test_a_quick_echo_says_its_set_up_and_both_sides_of_each_server() -> None:
    said: dict[str, Any] = json.loads(_bench("echo", "--quick", "--json").stdout)
    echo = said["benches"]["echo"]
    sides = [f"{server}: {side}" for server in _SERVERS for side in ("soapkit", "plain Spyne")]
    assert sides == [sample["name"] for sample in echo["samples"]]
    assert all(0 < s["min"] <= s["median"] <= s["max"] for s in echo["samples"])
    assert [check["wanted"] for check in echo["checks"]] == ["at least 6"] * len(_SERVERS)
    assert {"python", "processors", "versions"} <= set(said["machine"])
    assert {"message", "load"} <= set(echo["setup"])


_SERVERS = ("granian, 1 worker", "granian, 2 workers", "waitress, 1 worker")


def test_help_names_every_bench() -> None:
    assert "20-line order" in _bench("--help").stdout


def test_a_quick_look_at_the_peers_measures_what_is_installed_and_names_what_is_not() -> None:
    said: dict[str, Any] = json.loads(_bench("peers", "--quick", "--json").stdout)
    peers = said["benches"]["peers"]
    measured = {sample["name"] for sample in peers["samples"]}
    assert "soapkit, granian, 2 workers" in measured
    named = {name for name in _PEERS if name in peers["setup"]["not measured"]}
    assert named | measured >= _PEERS
    assert len(peers["checks"]) == len(measured) - 1


_PEERS = {"JAX-WS RI, validating", "node-soap"}


def test_a_quick_look_at_cut_compares_with_node_soap_and_few_accounts_with_many() -> None:
    said: dict[str, Any] = json.loads(_bench("cut", "--quick", "--json").stdout)
    cut = said["benches"]["cut"]
    names = [sample["name"] for sample in cut["samples"]]
    both = [f"head offices, 1 worker: {side}" for side in ("gateway and simulator", "node-soap")]
    sides = both[:1] if "node-soap" in cut["setup"]["not measured"] else both
    waits = [f"{side}, {share}" for side in sides for share in ("p50", "p99")]
    assert names == [*sides, "1 worker, 60 accounts", "1 worker, 120 accounts", *waits]
    wanted = ["at least 1.5"] * (len(sides) - 1) + ["at most 1.2"]
    assert [check["wanted"] for check in cut["checks"]] == wanted
