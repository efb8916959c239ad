"""Upsert and Synchronize against a model of a few lines: whatever comes in whatever order, both hold the same."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.siebel_sim.samples import account, address
from tests.siebel_sim.simulator import Simulator

Children = dict[str, str]
"""City by integration id."""

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["InsertOrUpdate", "Synchronize"]),
        st.sampled_from(["A1", "A2"]),
        st.none() | st.lists(st.tuples(st.sampled_from("XYZ"), st.sampled_from(["York", "Rome"])), max_size=4),
    ),
    min_size=1,
    max_size=8,
)


def applied(model: Mapping[str, Children], method: str, key: str, sent: list[tuple[str, str]] | None) -> Children:
    """Say what an account's addresses are after a message; None is a message without their container."""
    before = model.get(key, {})
    if sent is None:
        return before
    return dict(sent) if method == "Synchronize" else before | dict(sent)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_upsert_keeps_and_synchronize_removes_what_a_message_has_not(
    siebel: Simulator, steps: list[tuple[str, str, list[tuple[str, str]] | None]]
) -> None:
    siebel.did("POST", "/reset")  # one simulator for all examples
    model: dict[str, Children] = {}
    for method, key, sent in steps:
        below = {} if sent is None else {"CutAddress": [address(name, City=city) for name, city in sent]}
        siebel.call(f"CUTAccount{method}", account(IntegrationId=key, Name=key, **below))
        model[key] = applied(model, method, key, sent)
    found = {
        each["IntegrationId"]: {child["IntegrationId"]: child["City"] for child in each.get("CutAddress", [])}
        for each in siebel.call("CUTAccountQuery")
    }
    assert found == model
