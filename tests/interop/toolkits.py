"""The toolkits, and how each one's partner program is run. What is not installed is named with its package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

HERE = Path(__file__).parent
JAVA = HERE / "java"
NODE = HERE / "node"
JARS = Path("/usr/share/java")
JAXWS_JARS = ("jaxws-tools", "jaxws-rt")
AXIS_JARS = (
    "axis",
    "axis-jaxrpc",
    "axis-saaj",
    "commons-discovery",
    "commons-logging",
    "wsdl4j",
    "javax.mail",
    "javax.activation",
)
# Debian's JAX-WS 2.3 names its SAAJ by a property that SAAJ itself warns about
SAAJ = "-Djavax.xml.soap.SAAJMetaFactory=com.sun.xml.messaging.saaj.soap.SAAJMetaFactoryImpl"
QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")
"""For a JVM that lives for seconds: compile quickly rather than well."""
WARN = ("-W", "always", "-W", "ignore::DeprecationWarning", "-W", "ignore::SyntaxWarning")
"""What a library owes to newer Pythons is no complaint about a contract."""
TIMEOUT = 240.0

Commands: TypeAlias = Sequence[Sequence[str]]


class MissingTool(Exception):
    """A program or library that a toolkit needs is not installed; the text says which and how to get it."""


@dataclass(frozen=True, slots=True)
class Toolkit:
    """A toolkit; ``label`` is what pages for partners call it.

    ``commands`` are run one after the other for a script's directory; it raises MissingTool. ``query`` is the form of
    contract it takes. What its programming model cannot tell apart is not asked of it: ``empty`` elements from none,
    ``namespaces``, whether a member is ``optional`` (or is one at all, for attributes). ``soap_12`` says that it
    speaks that version, too. ``unable`` are operations whose messages it cannot write. ``faults`` are the names
    that declared faults go by: detail element → class.
    """

    name: str
    label: str
    commands: Callable[[Path], Commands]
    query: str = "wsdl"
    empty: bool = True
    namespaces: bool = True
    optional: bool = True
    soap_12: bool = False
    unable: frozenset[str] = frozenset()
    faults: Mapping[str, str] = field(default_factory=lambda: {"Fault": "FaultType", "ErrorBuffer": "ErrorBuffer"})

    def run(self, directory: Path) -> str:
        """Let the partner do what the script in ``directory`` says; return what it printed."""
        said = [_run(command) for command in self.commands(directory)]
        return "".join(said)


def _zeep(directory: Path) -> Commands:
    return [[sys.executable, *WARN, "-m", "tests.interop.partners.zeep_partner", str(directory)]]


def _suds(directory: Path) -> Commands:
    return [[sys.executable, *WARN, "-m", "tests.interop.partners.suds_partner", str(directory)]]


def _jaxws(directory: Path) -> Commands:
    return _java(directory, "JaxWsPartner", _jars(JAXWS_JARS, "jaxws"), SAAJ)


def _axis(directory: Path) -> Commands:
    return _java(directory, "AxisPartner", _jars(AXIS_JARS, "libaxis-java"))


def _java(directory: Path, program: str, libraries: str, *options: str) -> Commands:
    classes = directory / "programs"
    path = os.pathsep.join((str(classes), libraries))
    javac, java = (_program(name, "default-jdk-headless") for name in ("javac", "java"))
    sources = [str(JAVA / f"{name}.java") for name in ("Script", program)]
    return [
        [javac, *(f"-J{option}" for option in QUICK), "-proc:none", "-d", str(classes), "-cp", libraries, *sources],
        [java, *QUICK, *options, "-cp", path, program, str(directory)],
    ]


def _node(directory: Path) -> Commands:
    if not (NODE / "node_modules" / "soap").is_dir():
        raise MissingTool(f"node-soap is not installed; npm ci --prefix {NODE.relative_to(HERE.parents[1])}")
    return [[_program("node", "nodejs"), str(NODE / "partner.js"), str(directory)]]


TOOLKITS = {
    toolkit.name: toolkit
    for toolkit in (
        Toolkit("zeep", "Python, zeep", _zeep, empty=False, soap_12=True),
        Toolkit("suds", "Python, suds", _suds, empty=False),
        Toolkit(
            "jaxws",
            "Java, JAX-WS",
            _jaxws,
            soap_12=True,
            faults={"Fault": "FaultMessage", "ErrorBuffer": "ErrorBuffer"},
        ),
        # several files with one namespace make Axis say of each shared type that it exists already
        Toolkit("axis", "Java, Axis 1.4", _axis, query="singleWsdl"),
        Toolkit(
            "node",
            "Node.js, soap",
            _node,
            empty=False,
            namespaces=False,
            optional=False,
            soap_12=True,
            # three lists of one name, each of its own namespace: it writes the second with a prefix it does not declare
            unable=frozenset({"OrderDetailUpdate"}),
            faults={"Fault": "Fault", "ErrorBuffer": "ErrorBuffer"},
        ),
    )
}


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingTool(f"{name} is not installed; apt-get install {package}")
    return found


def _jars(names: Sequence[str], package: str) -> str:
    jars = [JARS / f"{name}.jar" for name in names]
    for jar in jars:
        if not jar.is_file():
            raise MissingTool(f"{jar} is missing; apt-get install {package}")
    return os.pathsep.join(map(str, jars))


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(
        command,
        check=False,
        text=True,
        cwd=HERE.parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, f"{command[0]} ended with status {done.returncode}: {done.stdout[-4000:]}"
    return done.stdout
