"""Which partners the settings name, and what they may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import ConfigError, load, sources


def settings(directory: Path, text: str) -> Path:
    file = directory / "o2c.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_partner_is_named_and_has_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = settings(tmp_path, '[addressing.partners.OSMCFS_01]\naddress = "https://osm.example/replies/"\n')
    monkeypatch.setenv("O2C_ADDRESSING__PARTNERS__SEBL_01__ADDRESS", "http://siebel.example")
    loaded = load(file)
    found = {name: partner.address for name, partner in loaded.addressing.partners.items()}
    assert found == {"OSMCFS_01": "https://osm.example/replies/", "SEBL_01": "http://siebel.example"}
    said = {each.name: each.source for each in sources(loaded)}
    assert said["addressing.partners.OSMCFS_01.address"] == str(file)


def test_without_partners_nobody_is_answered_elsewhere(tmp_path: Path) -> None:
    assert load(settings(tmp_path, "")).addressing.partners == {}


@pytest.mark.parametrize(
    "partners",
    [
        '[addressing.partners.OSM]\naddress = "osm.example"',
        '[addressing.partners.OSM]\naddress = "ftp://osm.example/"',
        '[addressing.partners.OSM]\naddress = "https://user:word@osm.example/"',
        '[addressing.partners.OSM]\naddress = "https://osm.example/#x"',
        "[addressing.partners.OSM]",
        '[addressing.partners.osm]\naddress = "https://osm.example/"',
        '[addressing.partners.A]\naddress = "http://a.example"\n[addressing.partners.B]\naddress = "http://A.example:80/"',
    ],
    ids=["no scheme", "another scheme", "a password", "a fragment", "no address", "no system id", "the same twice"],
)
def test_a_partner_that_cannot_be_told_by_its_address_is_refused(tmp_path: Path, partners: str) -> None:
    with pytest.raises(ConfigError, match=r"addressing") as refused:
        load(settings(tmp_path, partners))
    assert "word" not in str(refused.value)
