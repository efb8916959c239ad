"""One file, the environment on top, and a memory of which said what."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.config import ConfigError, GatewaySettings, Settings, TransactionMode, load, sources
from soapkit.limits import Limits

Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def _nothing_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("O2C_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str, name: str = "given.toml") -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def source_of(settings: Settings, name: str) -> str:
    return next(one.source for one in sources(settings) if one.name == name)


def value_of(settings: Settings, name: str) -> object:
    return next(one.value for one in sources(settings) if one.name == name)


def test_nothing_has_to_be_written() -> None:
    settings = load()
    assert settings == Settings()
    assert (settings.gateway.host, settings.gateway.port) == ("127.0.0.1", 8080)
    assert settings.brm["BRM_01"].mode is TransactionMode.XA
    assert {one.source for one in sources(settings)} == {"default"}


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("O2C_GATEWAY__PORT", "9001")
    path = write("[gateway]\nport = 9000\nthreads = 3\n")
    settings = load(path)
    assert (settings.gateway.port, settings.gateway.threads, settings.gateway.workers) == (9001, 3, 1)
    assert source_of(settings, "gateway.port") == "O2C_GATEWAY__PORT"
    assert source_of(settings, "gateway.threads") == str(path)
    assert source_of(settings, "gateway.workers") == "default"


def test_a_file_is_found_by_argument_then_variable_then_in_the_working_directory(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    (Path.cwd() / "o2c.toml").write_text("[gateway]\nport = 1\n", encoding="utf-8")
    assert load().gateway.port == 1
    (Path.cwd() / "named.toml").write_text("[gateway]\nport = 2\n", encoding="utf-8")
    monkeypatch.setenv("O2C_CONFIG", "named.toml")
    assert load().gateway.port == 2
    assert load(write("[gateway]\nport = 3\n")).gateway.port == 3


def test_a_named_file_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml: there is no such settings file"):
        load(Path("absent.toml"))
    monkeypatch.setenv("O2C_CONFIG", "gone.toml")
    with pytest.raises(ConfigError, match=r"gone\.toml: there is no such settings file"):
        load()


def test_a_file_that_is_no_toml_is_refused_with_the_place(write: Write) -> None:
    with pytest.raises(ConfigError, match=r"given\.toml: .*line 2"):
        load(write("[gateway]\nport = \n"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (
            "[gateway]\nprot = 1\n",
            r"gateway\.prot: there is no such setting; did you mean gateway\.port\? \(.*given\.toml\)",
        ),
        ("[gatway]\nport = 1\n", r"gatway: there is no such setting; did you mean gateway\? \(.*given\.toml\)"),
        ("[brm.BRM_01]\nurls = 'http://x'\n", r"brm\.BRM_01\.urls: there is no such setting"),
        ("[gateway]\nport = 'many'\n", r"gateway\.port: Input should be a valid integer.* \(.*given\.toml\)"),
        ("[brm.BRM_01]\nmode = 'two'\n", r"brm\.BRM_01\.mode: Input should be 'xa' or 'local'"),
        ("[brm.BRM_01]\nurl = 'eis/BRM'\n", r"brm\.BRM_01\.url: must be an http:// or https:// address"),
        ("[brm.brm]\n", r"brm\.brm: String should match pattern"),
        ("[queue]\nlease_seconds = 0\n", r"queue\.lease_seconds: Input should be greater than 0"),
        ("[billing]\ninitiate_days = 30\n", r"billing: initiate_days must lie beyond future_threshold_hours"),
    ],
)
def test_what_cannot_be_used_is_named(write: Write, text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load(write(text))


def test_every_problem_is_told_at_once(write: Write) -> None:
    with pytest.raises(ConfigError) as told:
        load(write("[gateway]\nprot = 1\nthreads = 0\n[queue]\npoll = 1\n"))
    assert [problem.split(":")[0] for problem in told.value.problems] == [
        "gateway.threads",
        "gateway.prot",
        "queue.poll",
    ]


def test_a_variable_that_names_no_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O2C_GATEWAY__PROT", "1")
    with pytest.raises(ConfigError, match=r"gateway\.prot: there is no such setting.*\(O2C_GATEWAY__PROT\)"):
        load()
    monkeypatch.setenv("O2C_GATWAY__PORT", "1")
    with pytest.raises(ConfigError, match="O2C_GATWAY__PORT: there is no such setting"):
        load()


def test_variables_that_are_no_settings_are_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O2C_CONTRACTS_DIR", "/somewhere")
    monkeypatch.setenv("O2C_GATEWAY__PUBLIC_URL", "")
    assert load() == Settings()


def test_a_brm_is_reached_by_variable_whatever_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("o2c_brm__brm_02__url", "https://brm.example/ws/")
    settings = load()
    assert settings.brm["BRM_02"].url == "https://brm.example/ws"
    assert source_of(settings, "brm.BRM_02.url") == "O2C_BRM__BRM_02__URL"


def test_a_table_may_come_as_json_in_one_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O2C_BRM", '{"BRM_01": {"mode": "local"}}')
    settings = load()
    assert settings.brm["BRM_01"].mode is TransactionMode.LOCAL
    assert source_of(settings, "brm.BRM_01.mode") == "O2C_BRM"


def test_a_variable_that_is_no_json_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O2C_BRM", "BRM_01")
    with pytest.raises(ConfigError, match="brm"):
        load()


def test_naming_any_brm_replaces_the_built_in_one(write: Write) -> None:
    assert set(load(write("[brm.BRM_02]\nurl = 'http://10.0.0.2'\n")).brm) == {"BRM_02"}


def test_file_and_environment_meet_in_one_table(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O2C_BRM__BRM_02__MODE", "local")
    settings = load(write("[brm.BRM_02]\n"))
    assert settings.brm["BRM_02"].mode is TransactionMode.LOCAL


def test_listening_beyond_loopback_needs_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O2C_GATEWAY__HOST", "0.0.0.0")  # noqa: S104  refused, which is the point
    with pytest.raises(ConfigError, match="needs allow_remote = true"):
        load()
    monkeypatch.setenv("O2C_GATEWAY__ALLOW_REMOTE", "true")
    with pytest.raises(ConfigError, match=r"callers are asked for nothing: set security\.policy"):
        load()
    monkeypatch.setenv("O2C_SECURITY__POLICY", "username")
    assert load().gateway.allow_remote


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_needs_nothing(host: str) -> None:
    assert GatewaySettings(host=host).host == host


def test_the_password_in_an_address_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("O2C_GATEWAY__DATABASE", "postgresql+psycopg://o2c:s3cret@db/o2c")
    settings = load()
    assert "s3cret" not in repr(sources(settings))
    assert value_of(settings, "gateway.database") == "postgresql+psycopg://o2c:********@db/o2c"


def test_a_refusal_does_not_show_the_value(write: Write) -> None:
    with pytest.raises(ConfigError) as told:
        load(write("[gateway]\ndatabase = ['s3cret']\n"))
    assert "s3cret" not in str(told.value)


def test_every_setting_says_what_it_is_about() -> None:
    assert [one.name for one in sources(Settings()) if not one.about] == []


def test_limits_are_those_that_soapkit_knows() -> None:
    assert Limits(**Settings().limits.model_dump()) == Limits()
    assert {field.name for field in dataclasses.fields(Limits)} == set(Settings().limits.model_dump())


def test_the_public_address_is_the_one_listened_on_unless_said() -> None:
    assert GatewaySettings().address == "http://127.0.0.1:8080"
    assert GatewaySettings(host="::1").address == "http://[::1]:8080"
    assert GatewaySettings(public_url="https://o2c.example/soap/").address == "https://o2c.example/soap"


@pytest.mark.parametrize("url", ["postgresql://me@db/o2c", "oracle://db", "gateway.db", "sqlite://"])
def test_a_database_that_no_driver_here_speaks_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"must be sqlite:///path or postgresql\+psycopg://"):
        GatewaySettings(database=url)


@pytest.mark.parametrize(("host", "here"), [("::1", "http://[::1]:8080"), ("127.0.0.1", "http://127.0.0.1:8080")])
def test_where_it_listens_is_an_address(host: str, here: str) -> None:
    settings = GatewaySettings(host=host, public_url="https://o2c.example")
    assert (settings.here, settings.address) == (here, "https://o2c.example")
