"""Who may import whom: the contracts in pyproject.toml, kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]


def test_top_imports_down_and_products_meet_on_the_wire_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    broken = lint_imports(config_filename="pyproject.toml", cache_dir=str(tmp_path))
    assert broken == 0, capsys.readouterr().out
