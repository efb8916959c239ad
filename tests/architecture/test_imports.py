"""Who may import whom: the contracts in pyproject.toml, kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_top_imports_down_and_products_meet_on_the_wire_only(tmp_path: Path) -> None:
    # a process of its own: import-linter switches off every logger that there is
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(cache_dir=sys.argv[1]))"
    linted = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr
