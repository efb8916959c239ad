"""Commands as processes of their own: settings and where they come from, and how a failure looks from outside."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest
from lxml import etree

from tests.acceptance.answers import header
from tests.acceptance.orders import ebm, mobile
from tests.acceptance.processes import beside, environment, o2c
from tests.acceptance.site import ORDERS, RESPONSES, Site


def test_settings_say_where_each_value_came_from(tmp_path: Path) -> None:
    env = environment(
        tmp_path, O2C_QUEUE__RETRY_ATTEMPTS="9", O2C_GATEWAY__DATABASE="postgresql+psycopg://me:hush@db.test/x"
    )
    file = tmp_path / "o2c.toml"
    file.write_text('[queue]\nretry_attempts = 3\npoll_seconds = 0.5\n[brm.BRM_01]\nurl = "http://brm.test:1"\n')

    shown = o2c("config", "show", "--json", env=env, cwd=tmp_path)

    settings = {each["name"]: (each["value"], each["source"]) for each in json.loads(shown.stdout)}
    assert settings["queue.retry_attempts"] == (9, "O2C_QUEUE__RETRY_ATTEMPTS")
    assert settings["queue.poll_seconds"] == (0.5, str(file))
    assert settings["brm.BRM_01.url"] == ("http://brm.test:1", str(file))
    assert settings["queue.lease_seconds"] == (60, "default")
    assert "hush" not in shown.stdout + shown.stderr


@pytest.mark.parametrize(
    ("setting", "wrong"), [("O2C_QUEUE__RETRY_ATTEMTPS", "3"), ("O2C_QUEUE__RETRY_ATTEMPTS", "many")]
)
def test_a_setting_that_is_wrong_or_unknown_is_refused_by_name(tmp_path: Path, setting: str, wrong: str) -> None:
    variables: Mapping[str, str] = {setting: wrong}

    refused = o2c("config", "show", env=environment(tmp_path, **variables), cwd=tmp_path)

    assert refused.returncode == 1
    assert setting.removeprefix("O2C_").lower().replace("__", ".") in refused.stderr or setting in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_failure_is_one_sentence_and_status_1(live: Site, tmp_path: Path) -> None:
    failed = o2c("queue", "message", "999999", env=beside(live), cwd=tmp_path)

    assert (failed.returncode, failed.stdout) == (1, "")
    assert "o2c: there is no message 999999" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_brm_away_is_said_in_one_sentence_too(live: Site, tmp_path: Path) -> None:
    away = beside(live, O2C_BRM__BRM_01__URL="http://127.0.0.1:9")

    failed = o2c("brm", "accounts", env=away, cwd=tmp_path)

    assert failed.returncode == 1
    assert failed.stderr.startswith("o2c:")
    assert "Traceback" not in failed.stderr


def test_a_command_of_its_own_process_puts_and_reads(live: Site, tmp_path: Path) -> None:
    order = mobile(live.number(), live.customer())

    put = o2c("queue", "put", ORDERS, "-", env=beside(live), cwd=tmp_path, given=ebm(order).decode())
    live.drain()
    taken = o2c("queue", "get", RESPONSES, env=beside(live), cwd=tmp_path)

    assert put.returncode == 0, put.stderr
    assert header(etree.fromstring(taken.stdout.encode()), "RequestEBMID") == order.message_id


def test_the_demo_empties_only_what_a_demo_has_left(tmp_path: Path) -> None:
    kept = tmp_path / "mine" / "o2c.toml"
    kept.parent.mkdir()
    kept.write_text("[queue]\n")

    refused = o2c("demo", "--state", str(kept.parent), env=environment(tmp_path), cwd=tmp_path)

    assert refused.returncode == 1
    assert "name another with --state" in refused.stderr
    assert kept.read_text() == "[queue]\n"


def test_nothing_is_started_where_another_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        env = environment(tmp_path, O2C_GATEWAY__PORT=port, O2C_GATEWAY__DATABASE="sqlite:///gateway.sqlite")

        refused = o2c("up", "--no-simulator", env=env, cwd=tmp_path)

    assert refused.returncode == 1
    assert refused.stderr == f"o2c: gateway: something listens on 127.0.0.1:{port} already; is it running?\n"


def test_seed_needs_the_brm_of_the_demo(tmp_path: Path) -> None:
    env = environment(tmp_path, O2C_GATEWAY__DATABASE="sqlite:///gateway.sqlite")
    (tmp_path / "o2c.toml").write_text('[brm.BRM_02]\nurl = "http://127.0.0.1:9"\n')

    failed = o2c("seed", env=env, cwd=tmp_path)

    assert (failed.returncode, "Traceback" in failed.stderr) == (1, False)
    assert "BRM_01, which the settings do not have" in failed.stderr


def test_what_is_no_poid_is_no_object_of_brm(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("table,common,column,value\nITEM_ITEMID,item-odd,BRM_01,odd\n")
    env = environment(tmp_path, O2C_GATEWAY__DATABASE="sqlite:///gateway.sqlite")

    refused = o2c("xref", "load", "rows.csv", env=env, cwd=tmp_path)

    assert (refused.returncode, "'odd' is no POID" in refused.stderr) == (1, True)
