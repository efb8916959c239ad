"""What README.md and the pages in docs/ say is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.readme import README, rewritten

ROOT = Path(__file__).parents[2]
PAGES = (README, *sorted((ROOT / "docs").glob("*.md")))

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def test_its_tables_are_what_the_code_says() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == rewritten(text), "python -m tests.architecture.readme writes them anew"


@every_page
def test_its_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", text)
    assert {link for link in links if not _leads_somewhere(page, *link)} == set()


@every_page
def test_the_files_it_names_exist(page: Path) -> None:
    tops = "tests|gateway|soapkit|brm_sim|simkit|xsd|wsdl|vendor|deploy|docs"
    named = re.findall(rf"`((?:{tops})/[\w./-]*)`", page.read_text(encoding="utf-8"))
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_the_make_targets_it_names_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)\b", README.read_text(encoding="utf-8"))) - targets == set()


def _leads_somewhere(page: Path, path: str, anchor: str) -> bool:
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in _anchors(target.read_text(encoding="utf-8")))


def _anchors(text: str) -> set[str]:
    outside_code = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    headings = [line.lstrip("# ").lower() for line in outside_code.splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}
