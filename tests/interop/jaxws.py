"""Drives JAX-WS as a partner's build would: wsimport from published URLs, javac, java."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

SOURCES = Path(__file__).parent / "java"
PROGRESS = {"", "parsing WSDL...", "Generating code..."}
"""All that wsimport prints when it is content."""

# Debian's JAX-WS 2.3 names its SAAJ by a property that SAAJ itself warns about
SAAJ = "-Djavax.xml.soap.SAAJMetaFactory=com.sun.xml.messaging.saaj.soap.SAAJMetaFactoryImpl"
TIMEOUT = 120.0

Facts: TypeAlias = tuple[tuple[str, str], ...]


class MissingTool(Exception):
    """A program or library that the Java tests need is not installed; the text says which and how to get it."""


@dataclass(frozen=True, slots=True)
class JaxWs:
    """Java with JAX-WS 2.3. ``library`` holds ``jaxws-tools.jar`` and ``jaxws-rt.jar``, which name the rest."""

    java: str
    javac: str
    library: Path

    @classmethod
    def installed(cls) -> JaxWs:
        """Find the tools on the PATH; the library lies beside wsimport. Raises MissingTool."""
        wsimport = Path(_program("wsimport", "jaxws")).resolve()
        library = wsimport.parent.parent / "lib"
        for jar in ("jaxws-tools.jar", "jaxws-rt.jar"):
            if not (library / jar).is_file():
                raise MissingTool(f"{library / jar} is missing; apt-get install jaxws")
        return cls(_program("java", "default-jdk-headless"), _program("javac", "default-jdk-headless"), library)

    def generate(self, directory: Path, urls: Mapping[str, str]) -> Mapping[str, list[str]]:
        """Generate sources for ``urls`` (URL → subdirectory); return by URL what wsimport has to complain about."""
        tool = ("-cp", str(self.library / "jaxws-tools.jar"), str(SOURCES / "GenerateStubs.java"))
        said = _run([self.java, *tool, str(directory), *(f"{group}={url}" for url, group in urls.items())])
        return dict(_complaints(said))

    def compile(self, classes: Path, generated: Sequence[Path]) -> str:
        """Compile the generated sources and our programs; return what javac says."""
        ours = [str(path) for path in SOURCES.glob("*.java") if path.stem != "GenerateStubs"]
        theirs = [str(path) for directory in generated for path in directory.rglob("*.java")]
        return _run([self.javac, "-proc:none", "-d", str(classes), "-cp", self._runtime(), *theirs, *ours])

    def run(self, classes: Path, program: str, *arguments: str) -> Facts:
        """Run one of our programs in a JVM of its own; return the facts it prints."""
        path = os.pathsep.join((str(classes), self._runtime()))
        said = _run([self.java, SAAJ, "-cp", path, program, *arguments])
        return tuple((name, value) for name, tab, value in (line.partition("\t") for line in said.splitlines()) if tab)

    def _runtime(self) -> str:
        return str(self.library / "jaxws-rt.jar")


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingTool(f"{name} is not installed; apt-get install {package}")
    return found


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(
        command, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT
    )
    assert done.returncode == 0, f"{command[0]} {command[-1]}: {done.stdout}"
    return done.stdout


def _complaints(said: str) -> Iterator[tuple[str, list[str]]]:
    for part in said.split("## ")[1:]:
        url, *lines = part.splitlines()
        yield url, [line for line in lines if line.strip() not in PROGRESS]
