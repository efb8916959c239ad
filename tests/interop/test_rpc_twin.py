"""A partner on JAX-WS calls an rpc/literal twin by generated stubs: parts as parameters, a typed fault, one way."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from soapkit.run import running
from tests.contract.soapkit.siebel import site

JAVA = Path(__file__).parent / "java"
LIBRARIES = Path("/usr/share/java")
# Debian's JAX-WS 2.3 names its SAAJ by a property that SAAJ itself warns about
SAAJ = "-Djavax.xml.soap.SAAJMetaFactory=com.sun.xml.messaging.saaj.soap.SAAJMetaFactoryImpl"


def program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed; apt-get install {package}")
    return found


def said(*command: str) -> str:
    done = subprocess.run(
        command, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_jax_ws_stubs_call_an_rpc_twin(tmp_path: Path) -> None:
    runtime = str(LIBRARIES / "jaxws-rt.jar")
    wsimport, javac, java = (
        program("wsimport", "jaxws"),
        program("javac", "default-jdk-headless"),
        program("java", "default-jdk-headless"),
    )
    with running(site) as url:
        wsdl = f"{url}/services/CutAccountRpc?wsdl"
        generated = said(wsimport, "-Xnocompile", "-quiet", "-s", str(tmp_path), wsdl)
        sources = [str(path) for path in (*tmp_path.rglob("*.java"), JAVA / "RpcTwinPartner.java")]
        compiled = said(javac, "-proc:none", "-d", str(tmp_path), "-cp", runtime, *sources)
        answers = said(java, SAAJ, "-cp", os.pathsep.join((str(tmp_path), runtime)), "RpcTwinPartner", wsdl)

    assert (generated, compiled) == ("", "")
    assert answers.splitlines() == [
        "got\tAda Jones",
        "received\t2",
        "account\tBen",
        "account\tCy",
        "fault\tSBL-EAI-04397",
    ]
