"""Apache WSS4J, what Java partners secure messages with: ours understands its messages, and it ours."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from soapkit.wss.security import Proof
from soapkit.wss.signing import Identity
from tests.contract.soapkit.orders import envelope, order, post
from tests.security.conftest import Build
from tests.security.envelopes import Message, Partner

SOURCE = Path(__file__).parent / "java" / "Wss4j.java"
JARS = [Path("/usr/share/java") / f"{name}.jar" for name in ("wss4j", "xmlsec", "commons-logging", "slf4j-api")]


@pytest.fixture(scope="module")
def classpath(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Compile once."""
    if shutil.which("javac") is None:
        pytest.skip("javac is missing (Debian: default-jdk-headless)")
    if missing := [jar.name for jar in JARS if not jar.exists()]:
        pytest.skip(f"{', '.join(missing)} missing (Debian: libwss4j-java)")
    place = tmp_path_factory.mktemp("classes")
    jars = ":".join(map(str, JARS))
    _run(["javac", "-cp", jars, "-d", str(place), str(SOURCE)])
    return f"{jars}:{place}"


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def keystore(partner: Partner, place: Path) -> Path:
    encryption = BestAvailableEncryption(b"correct horse")
    made = pkcs12.serialize_key_and_certificates(b"partner", partner.key, partner.certificate, None, encryption)
    (place / "keystore.p12").write_bytes(made)
    return place / "keystore.p12"


@pytest.fixture(scope="module")
def secured(classpath: str, partner: Partner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let WSS4J secure one message in every way; yields the directory of what it made."""
    place = tmp_path_factory.mktemp("secured")
    (place / "plain.xml").write_bytes(envelope(order()))
    store = keystore(partner, place)
    _run(["java", "-cp", classpath, "Wss4j", "secure", str(place / "plain.xml"), str(store), str(place)])
    return place


@pytest.mark.parametrize(
    ("way", "proof"),
    [
        ("text", Proof.USERNAME),
        ("digest", Proof.USERNAME),
        ("signature", Proof.SIGNATURE),
        ("both", Proof.BOTH),
    ],
)
def test_what_wss4j_secures_is_accepted_once_unchanged(build: Build, secured: Path, way: str, proof: Proof) -> None:
    site = build(proof)
    site.clock.moment = datetime.now(UTC)  # WSS4J has no other
    message = (secured / f"{way}.xml").read_bytes()

    answer = post(site.app, message)
    assert answer.status == 200, answer.text
    assert len(site.seen) == 1
    if way != "text":
        assert "[replay" in post(site.app, message).text
    if proof.signature:
        assert "[signature" in post(site.app, message.replace(b"Ada Jones", b"Eve Jones")).text


def test_wss4j_verifies_what_we_sign(build: Build, classpath: str, partner: Partner, tmp_path: Path) -> None:
    site = build(Proof.SIGNATURE, identity=Identity(partner.key, partner.certificate))
    site.clock.moment = datetime.now(UTC)
    answer = post(site.app, Message(created=site.clock.moment, signer=partner).xml())
    (tmp_path / "answer.xml").write_bytes(answer.content)
    store = keystore(partner, tmp_path)

    verify = ["java", "-cp", classpath, "Wss4j", "verify", str(tmp_path / "answer.xml"), str(store)]
    assert answer.status == 200
    assert _run(verify) == "signed parts: 2\n"

    (tmp_path / "answer.xml").write_bytes(answer.content.replace(b">order-1<", b">order-2<"))
    done = subprocess.run(verify, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode != 0
    assert "signature or decryption was invalid" in done.stderr


def test_time_passes_for_wss4j_too(build: Build, secured: Path) -> None:
    site = build(Proof.SIGNATURE)
    site.clock.moment = datetime.now(UTC) + timedelta(minutes=10)
    assert post(site.app, (secured / "signature.xml").read_bytes()).code.endswith(":MessageExpired")
