"""What the simulators that are started beside a gateway are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli.simulators import SIMULATORS
from gateway.config import Settings

KEPT_IN_STEP = {"cut": {"subscribers": {"BILLING": {"brm": "BRM_01"}}}}


@pytest.mark.parametrize(("more", "told"), [({}, False), (KEPT_IN_STEP, True)], ids=["alone", "kept in step"])
def test_a_brm_tells_its_changes_only_to_a_gateway_that_keeps_it_in_step(
    tmp_path: Path, more: dict[str, object], *, told: bool
) -> None:
    settings = Settings.model_validate(more)
    brm, siebel = (each.program(settings, tmp_path).environment for each in SIMULATORS)
    assert brm.get("BRM_SIM_PUBLISH_TO") == (settings.here if told else None)
    assert siebel["SIEBEL_SIM_SEND_TO"] == settings.here
