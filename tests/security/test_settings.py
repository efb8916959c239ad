"""[security]: what can be written, what is refused when the gateway starts, and what is never shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from gateway.adapters.vault import new_key
from gateway.bootstrap import Gateway, build
from gateway.config import ConfigError, Settings, load, sources
from gateway.errors import GatewayError
from soapkit.wss.security import Security
from tests.contract.soapkit.orders import post

Open = Callable[[str], Gateway]
ABCS = "ProcessFulfillmentOrderBillingBRMCommsAddSubProcess"
ADDRESS = f"http://127.0.0.1:8080/services/{ABCS}"


@pytest.fixture(autouse=True)
def _nothing_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("O2C_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    gateways: list[Gateway] = []

    def open_(text: str) -> Gateway:
        gateways.append(build(settings(tmp_path, text), brms={}))
        return gateways[-1]

    yield open_
    for each in gateways:
        each.close()


def settings(place: Path, text: str) -> Settings:
    (place / "o2c.toml").write_text(text, encoding="utf-8")
    return load()


def test_by_default_nothing_is_asked_and_no_module_is_there(opened: Open) -> None:
    assert not any(isinstance(module, Security) for module in opened("").modules)


def test_a_policy_puts_the_module_after_addressing(opened: Open) -> None:
    gateway = opened('[security]\npolicy = "username"\n')
    assert [type(module).__name__ for module in gateway.modules] == ["Addressing", "Security"]
    assert post(gateway.application(), b"<x/>", ADDRESS).status == 500
    envelope = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x/></s:Body></s:Envelope>'
    assert post(gateway.application(), envelope, ADDRESS).status == 401


@pytest.mark.parametrize("name", [ABCS, ABCS.lower()], ids=["as written", "as the environment has it"])
def test_one_service_may_ask_for_more(opened: Open, name: str) -> None:
    gateway = opened(f'[security.services]\n{name} = "username"\n')
    envelope = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x/></s:Body></s:Envelope>'
    assert post(gateway.application(), envelope, ADDRESS).status == 401
    others = ADDRESS.replace("BRMCommsAddSubProcess", "BRMCommsProvABCSImpl")
    assert post(gateway.application(), envelope, others).status == 500


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f'[security.services]\n{ABCS[:-1]} = "username"\n', f"did you mean {ABCS}?"),
        (
            '[security.services]\nNonsense = "username"\n',
            "security.services.Nonsense: there is no such service; there are",
        ),
        ('[security]\npolicy = "username"\nca_file = "absent.pem"\n', "security.ca_file: absent.pem cannot be read"),
        ('[security]\npolicy = "username"\nca_file = "o2c.toml"\n', "o2c.toml holds no certificate"),
        (
            '[security]\npolicy = "signature"\nkey_file = "absent.pem"\ncertificate_file = "c.pem"\n',
            "security.key_file: absent.pem cannot be read",
        ),
        (
            '[security]\npolicy = "signature"\nkey_file = "o2c.toml"\ncertificate_file = "c.pem"\n',
            "o2c.toml holds no private key",
        ),
        ('[security.allow]\nbilling = ["*"]\n', "security.allow: billing: must be role:NAME, user:NAME or *"),
        ('[security.allow]\n"role:billing" = ["No.such"]\n', "role:billing: no operation fits No.such"),
        (
            '[security.allow]\n"role:billing" = ["*"]\n',
            "security.allow: role:billing: no service asks its callers who they are",
        ),
        (
            f'[security]\npolicy = "username"\nservices.{ABCS} = "none"\nallow."user:osm" = ["{ABCS}.*"]\n',
            f"security.allow: user:osm: no operation fits {ABCS}.* of a service that asks its callers who they are",
        ),
        (
            f'[security.services]\n{ABCS} = "both"\n{ABCS.lower()} = "none"\n',
            f"security.services: {ABCS} and {ABCS.lower()} are the same service: write it once",
        ),
    ],
)
def test_what_cannot_be_is_told_when_the_gateway_starts(opened: Open, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as told:
        opened(text).application()
    assert problem in str(told.value)


def test_a_grant_of_operations_some_of_which_ask_callers_who_they_are_is_no_mistake(opened: Open) -> None:
    opened(f'[security.services]\n{ABCS} = "username"\n[security.allow]\n"role:billing" = ["*"]\n').application()


def test_a_variable_overrides_what_the_file_says_of_the_same_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"O2C_SECURITY__SERVICES__{ABCS.upper()}", "both")
    loaded = settings(tmp_path, f'[security.services]\n{ABCS} = "none"\n')
    assert loaded.security.services == {ABCS: "both"}
    assert loaded.origin["security", "services", ABCS] == f"O2C_SECURITY__SERVICES__{ABCS.upper()}"


def test_a_key_and_the_certificate_of_another_are_refused(opened: Open, tmp_path: Path) -> None:
    one, other = (trustme.CA().issue_cert(f"{name}.example") for name in ("one", "other"))
    one.private_key_pem.write_to_path(tmp_path / "k.pem")
    other.cert_chain_pems[0].write_to_path(tmp_path / "c.pem")
    text = '[security]\npolicy = "signature"\nkey_file = "k.pem"\ncertificate_file = "c.pem"\n'
    with pytest.raises(ConfigError, match=r"c\.pem is not the certificate of k\.pem"):
        opened(text).application()


def test_a_key_without_a_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="key_file and certificate_file go together"):
        settings(tmp_path, '[security]\nkey_file = "k.pem"\n')


def test_a_secret_key_that_is_none_is_refused_and_not_shown(opened: Open) -> None:
    with pytest.raises(GatewayError, match=r"security\.secret_key must be keys") as told:
        opened('[security]\npolicy = "username"\nsecret_key = "swordfish"\n').application()
    assert "swordfish" not in str(told.value)


def test_a_gateway_that_cannot_read_a_secret_says_so_when_it_starts(opened: Open) -> None:
    key = new_key()
    with_key = f'[security]\npolicy = "username"\nsecret_key = "{key}"\n'
    opened(with_key).users.add("osm", password="correct horse", digest=True)
    opened(with_key).application()
    opened(with_key.replace(key, f"{new_key()},{key}")).application()
    with pytest.raises(GatewayError, match=r"user osm: .* not the key that encrypted"):
        opened(with_key.replace(key, new_key())).application()
    with pytest.raises(GatewayError, match=r"user osm: .* needs security\.secret_key"):
        opened('[security]\npolicy = "username"\n').application()


def test_secrets_are_masked_wherever_they_were_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O2C_SECURITY__KEY_PASSWORD", "swordfish")
    loaded = settings(tmp_path, '[security]\nsecret_key = "haddock"\n')
    shown = {each.name: (each.value, each.source) for each in sources(loaded)}
    assert shown["security.key_password"] == ("********", "O2C_SECURITY__KEY_PASSWORD")
    assert shown["security.secret_key"][0] == "********"
    assert "swordfish" not in repr(loaded)
    assert "haddock" not in repr(loaded)


def test_tables_are_shown_line_by_line(tmp_path: Path) -> None:
    loaded = settings(tmp_path, '[security.allow]\n"role:billing" = ["A.*", "B.*"]\n[security.services]\nA = "both"\n')
    shown = {each.name: each.value for each in sources(loaded)}
    assert shown["security.allow.role:billing"] == "A.*, B.*"
    assert shown["security.services.A"] == "both"
    assert {each.name: each.value for each in sources(Settings())}["security.allow"] is None


def test_beyond_loopback_an_acknowledgement_will_do(tmp_path: Path) -> None:
    text = '[gateway]\nhost = "0.0.0.0"\nallow_remote = true\n[security]\nallow_anonymous = {answer}\n'
    assert settings(tmp_path, text.format(answer="true")).security.allow_anonymous
    with pytest.raises(ConfigError, match=r"^gateway\.host: host 0\.0\.0\.0 can be reached from other machines"):
        settings(tmp_path, text.format(answer="false"))
