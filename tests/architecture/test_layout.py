"""The rules of the house that a reader feels first: short files, short functions, names that say something."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCTS = ("soapkit", "simkit", "gateway", "brm_sim", "siebel_sim")
CODE = (*PRODUCTS, "tests", "bench")
LONGEST_MODULE = 400
LONGEST_FUNCTION = 50
MEANINGLESS = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}


@cache
def modules(*tops: str) -> tuple[Path, ...]:
    return tuple(sorted(path.relative_to(ROOT) for top in tops for path in (ROOT / top).rglob("*.py")))


@cache
def tree(module: Path) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


def imported(module: Path) -> Iterator[str]:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def called(module: Path) -> Iterator[str]:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def of_package(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def test_modules_are_short() -> None:
    lengths = {module: len((ROOT / module).read_text(encoding="utf-8").splitlines()) for module in modules(*CODE)}
    assert {str(module): length for module, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{module}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module in modules(*CODE)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {function: length for function, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_names_say_something() -> None:
    named = (part.removesuffix(".py") for module in modules(*CODE) for part in module.parts)
    assert {part for part in named if part.strip("_") in MEANINGLESS} == set()


def test_spyne_is_imported_in_soapkit_only() -> None:
    users = {module for module in modules(*PRODUCTS) if any(of_package(name, "spyne") for name in imported(module))}
    assert {module.parts[0] for module in users} == {"soapkit"}


def test_the_domain_imports_the_standard_library_and_itself_only() -> None:
    names = {name for module in modules("gateway/domain") for name in imported(module)}
    own = {name for name in names if of_package(name, "gateway.domain") or of_package(name, "gateway.errors")}
    assert {name for name in names - own if name.partition(".")[0] not in sys.stdlib_module_names} == set()


def test_xml_from_outside_is_parsed_in_soapkit_only() -> None:
    parsing = {"fromstring", "iterparse", "XMLParser", "XMLPullParser"}
    assert {
        module for module in modules("gateway", "simkit", "brm_sim", "siebel_sim") if parsing & set(called(module))
    } == set()


def test_there_are_threads_only() -> None:
    assert {module for module in modules(*PRODUCTS) if "asyncio" in set(imported(module))} == set()


def test_every_product_is_typed_for_its_users() -> None:
    assert [product for product in PRODUCTS if not (ROOT / product / "py.typed").is_file()] == []
