"""The adapter of BRM where its answers are strange, or where a call is impossible; the rest is told over the wire."""

from __future__ import annotations

import pytest

from gateway.adapters.brm import BrmServices
from gateway.domain.brm import Flist
from gateway.errors import BrmRefused, InDoubt, Unavailable
from gateway.messaging.xa import Exchange

NOWHERE = "http://127.0.0.1:9"


class Strange(BrmServices):
    """A BRM that answers every opcode RESULT 99."""

    def call(
        self, transaction: str | None, opcode: str, flist: Flist, flags: int = 0, exchange: Exchange | None = None
    ) -> Flist:
        self.asked = (transaction, opcode, flist, flags, exchange)
        return {"RESULT": "99"}


def test_a_result_that_means_nothing_leaves_open_what_was_done() -> None:
    brm = Strange("BRM_01", NOWHERE)
    with pytest.raises(InDoubt, match="RESULT 99"):
        brm.commit("1,ab,cd")
    for ask in (brm.prepare, brm.abort):
        with pytest.raises(Unavailable, match="RESULT 99"):
            ask("1,ab,cd")


def test_a_flist_that_the_contract_forbids_is_refused_by_field_without_its_value() -> None:
    told: list[bytes] = []
    with pytest.raises(BrmRefused) as refused:
        BrmServices("BRM_01", NOWHERE).call(
            None, "PCM_OP_READ_OBJ", {"POID": "Ada Jones"}, exchange=lambda _, sent, __: told.append(sent)
        )
    assert (refused.value.code, refused.value.field) == ("O2C_INVALID_FLIST", "POID")
    assert refused.value.text == "PCM_OP_READ_OBJ cannot be called: POID breaks the rule 'pattern' of its contract"
    assert refused.value.__suppress_context__
    assert b"Ada Jones" in told[0]
