"""What README.md says is so."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.readme import README, rewritten

ROOT = Path(__file__).parents[2]


def test_its_tables_are_what_the_code_says() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == rewritten(text), "python -m tests.architecture.readme writes them anew"


def test_its_links_within_lead_somewhere() -> None:
    text = README.read_text(encoding="utf-8")
    headings = {re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in _headings(text)}
    assert {link for link in re.findall(r"\]\(#([^)]+)\)", text) if link not in headings} == set()


def test_the_files_it_names_exist() -> None:
    named = re.findall(
        r"`((?:tests|gateway|soapkit|brm_sim|simkit|xsd|wsdl|vendor)/[\w./-]*)`", README.read_text("utf-8")
    )
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_the_make_targets_it_names_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)\b", README.read_text(encoding="utf-8"))) - targets == set()


def _headings(text: str) -> list[str]:
    outside_code = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return [line for line in outside_code.splitlines() if line.startswith("#")]
