"""The stacks that are compared, as processes: each serves the echo of an order at a port and a path of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.echo import on_soapkit
from bench.processes import answers, free_port, program, python
from soapkit.catalog import load

_HERE = Path(__file__).parent
_WSDL = _HERE.parent / "echo" / "Echo.wsdl"
_JARS = Path("/usr/share/java")
NODE_MODULES = _HERE.parents[1] / "tests" / "interop" / "node" / "node_modules"
# Debian's JAX-WS 2.3 names its SAAJ by a property that SAAJ itself warns about
_JAVA_OPTIONS = (
    "-Dsun.net.httpserver.nodelay=true",
    "-Djavax.xml.soap.SAAJMetaFactory=com.sun.xml.messaging.saaj.soap.SAAJMetaFactoryImpl",
)
_BUILD_SECONDS = 120


class Missing(Exception):
    """A stack is not installed; the text says what to install."""


@dataclass(frozen=True, slots=True)
class Stack:
    """``serve(directory, port)`` is a context manager: the process answers while its block runs. Raises Missing."""

    name: str
    path: str
    serve: Callable[[Path, int], AbstractContextManager[object]]

    @contextmanager
    def running(self, directory: Path) -> Iterator[int]:
        """Serve on a free port, which the block gets."""
        port = free_port()
        with self.serve(directory, port):
            yield port


def _soapkit(workers: int, directory: Path, port: int) -> AbstractContextManager[object]:
    arguments = ["-m", "bench.serve", f"{on_soapkit.__name__}:build", "granian", str(workers), str(port)]
    return python(arguments, log=directory / "soapkit.log", ready=partial(answers, port))


def _jax_ws(threads: int, directory: Path, port: int) -> AbstractContextManager[object]:
    """Run the echo on JAX-WS RI: stubs by wsimport, validation by its own SchemaValidation, in and out."""
    java, javac = _found("java", "default-jdk-headless"), _found("javac", "default-jdk-headless")
    tools, runtime = _jar("jaxws-tools.jar"), _jar("jaxws-rt.jar")
    built = directory / "jax-ws"
    built.mkdir(exist_ok=True)
    generate = ("com.sun.tools.ws.WsImport", "-quiet", "-Xnocompile", "-keep", "-s", str(built), "-d", str(built))
    _run([java, "-cp", tools, *generate, str(_WSDL)])
    sources = [str(_HERE / "EchoServer.java"), *map(str, built.rglob("*.java"))]
    _run([javac, "-nowarn", "-proc:none", "-d", str(built), "-cp", runtime, *sources])
    documents = map(str, load(_WSDL).documents.values())
    served = ["EchoServer", str(port), str(threads), *documents]
    command = [java, *_JAVA_OPTIONS, "-cp", os.pathsep.join((str(built), runtime)), *served]
    return program(command, log=directory / "jax-ws.log", ready=partial(answers, port))


def _node_soap(workers: int, directory: Path, port: int) -> AbstractContextManager[object]:
    node = _found("node", "nodejs")
    if not (NODE_MODULES / "soap").is_dir():
        raise Missing("node-soap is not installed; npm ci --prefix tests/interop/node")
    command = [node, str(_HERE / "echo.js"), str(_WSDL), str(port), str(workers)]
    environment = {**os.environ, "NODE_PATH": str(NODE_MODULES)}
    log = directory / f"node-soap-{workers}.log"
    return program(command, log=log, ready=partial(answers, port), environment=environment)


WORKERS = 2
OURS = Stack(f"soapkit, granian, {WORKERS} workers", on_soapkit.PATH, partial(_soapkit, WORKERS))
JAX_WS = Stack("JAX-WS RI, validating", "/echo", partial(_jax_ws, 4))
NODE_SOAP = Stack("node-soap", "/echo", partial(_node_soap, 1))
NODE_SOAP_CLUSTER = Stack(f"node-soap, cluster of {WORKERS}", "/echo", partial(_node_soap, WORKERS))
WANTED: Mapping[Stack, float | None] = {JAX_WS: 1.2, NODE_SOAP: 4.0, NODE_SOAP_CLUSTER: None}
"""How many times the orders of each stack ours must answer; None where nothing was promised."""


def _found(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not installed; apt-get install {package}")
    return found


def _jar(name: str) -> str:
    path = _JARS / name
    if not path.is_file():
        raise Missing(f"{name} is not installed; apt-get install jaxws")
    return str(path)


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=_BUILD_SECONDS)  # noqa: S603 - compilers, on our own files
