"""What the other tests stand on: nothing that they start is left behind."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.crash.processes import until

ROOT = Path(__file__).parents[2]
A_TEST_RUN = """
import sys
from pathlib import Path
from tests.crash.processes import nursery
with nursery("brm_sim") as simulators:
    environment = {"BRM_SIM_URL": "sqlite:///" + sys.argv[1] + "/brm.sqlite", "BRM_SIM_PORT": sys.argv[2]}
    child = simulators.start(environment=environment, log=Path(sys.argv[1], "log"))
    print(simulators.process.pid, child.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_process_survives_a_test_run_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", A_TEST_RUN, str(tmp_path), "20999"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        pids = [int(pid) for pid in run.stdout.readline().split()]
        assert len(pids) == 2
        run.kill()
    for pid in pids:
        until(partial(gone, pid), f"process {pid} is gone")


def gone(pid: int) -> bool:
    """Tell whether a process has ended; one that nobody has buried yet has."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"
