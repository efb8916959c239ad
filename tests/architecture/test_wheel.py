"""A wheel is all one needs: it holds the contracts and works outside the checkout."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("soapkit", "simkit", "gateway", "brm_sim", "siebel_sim")
KINDS = {".wsdl", ".xsd", ".toml"}
"""Contracts, and what stands beside Siebel's."""


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, ".", cwd=ROOT)
    (built,) = target.glob("o2c_gateway-*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own, which borrows only its dependencies from this one."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).strip())
    # a path in a .pth file is searched, but the .pth files there are not read: the checkout stays out of sight
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", wheel, cwd=home)
    return python.parent


def contracts() -> set[str]:
    found = (path for kind in ("wsdl", "xsd") for path in (ROOT / kind).rglob("*"))
    return {str(path.relative_to(ROOT)) for path in found if path.suffix in KINDS}


def test_it_holds_every_contract(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert contracts()
    assert {f"soapkit/contracts/{name}" for name in contracts()} <= names


def test_it_holds_every_file_of_the_packages(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    present = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    expected = {str(path.relative_to(ROOT)) for path in present if "__pycache__" not in path.parts}
    assert expected - names == set()


def test_it_holds_nothing_but_the_packages(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_it_carries_its_licence(wheel: Path) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in zipfile.ZipFile(wheel).namelist())


@pytest.mark.parametrize("program", ["o2c", "brm-sim", "siebel-sim"])
def test_its_commands_answer_outside_the_checkout(program: str, programs: Path, tmp_path: Path) -> None:
    assert "usage" in run(programs / program, "--help", cwd=tmp_path).lower()


def test_its_contracts_are_found_outside_the_checkout(programs: Path, tmp_path: Path) -> None:
    script = "from soapkit.catalog import contracts_root; print(contracts_root())"
    root = Path(run(programs / "python", "-c", script, cwd=tmp_path).strip())
    assert not root.is_relative_to(ROOT)
    assert {str(path.relative_to(root)) for path in root.rglob("*") if path.suffix in KINDS} == contracts()


def test_every_service_loads_from_it(programs: Path, tmp_path: Path) -> None:
    script = (
        "from soapkit.catalog import contracts_root, load\n"
        "for path in sorted(contracts_root().rglob('*.wsdl')): print(load(path).name)"
    )
    services = run(programs / "python", "-c", script, cwd=tmp_path).split()
    assert services == [Path(name).stem for name in sorted(name for name in contracts() if name.endswith(".wsdl"))]
