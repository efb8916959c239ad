"""Whatever is searched for and sorted by, Siebel answers a page or says in its own words what is wrong; never more."""

from __future__ import annotations

from contextlib import closing

from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from siebel_sim.search import All, AnyOf, Compare, Condition, Exists, Not, Null, Operator, write
from siebel_sim.server import build
from soapkit.faults import RemoteFault
from tests.siebel_sim.conftest import ADDRESS, settings
from tests.siebel_sim.samples import account, address
from tests.siebel_sim.simulator import Simulator, stack_of

FIELDS = st.sampled_from(["Name", "Account.Name", "Id", "Mod Id", "Created", "Credit Score", "Customer Since", "Hue"])
TEXTS = st.text(alphabet="abAB019*?%_\\'\"/-. \u00e9\U0001f600", max_size=12)
VALUES = st.one_of(
    TEXTS, st.sampled_from(["1", "-0.5", "1e9", "NaN", "02/30/2026", "02/28/2026", "2026-01-01", "Ada Ltd"])
)
LEAVES: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Compare, FIELDS, st.sampled_from(Operator), VALUES), st.builds(Null, FIELDS)
)
KNOWN = {"SBL-DAT-00398", "SBL-DAT-00501"}


def _below(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    inside = st.builds(
        Exists, st.builds(Compare, st.sampled_from(["City", "CutAddress.City"]), st.just(Operator.EQ), TEXTS)
    )
    return st.one_of(st.builds(All, several), st.builds(AnyOf, several), st.builds(Not, parts), inside)


def test_any_search_is_answered_or_refused_in_siebels_words(database_url: str) -> None:
    with closing(build(settings(database_url))) as app:
        siebel = Simulator(ADDRESS, app)
        siebel.call("CUTAccountInsert", account(CreditScore="10", CutAddress=[address("X")]))

        @limits(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(
            st.recursive(LEAVES, _below, max_leaves=6), st.sampled_from(["", "Name", "Credit Score (DESCENDING), Id"])
        )
        def check(condition: Condition, sort: str) -> None:
            codes: set[str] = set()
            try:
                siebel.call("CUTAccountQueryPage", SearchSpec=write(condition), SortSpec=sort)
            except RemoteFault as refused:
                codes = {code for code, _ in stack_of(refused.detail)}
            assert codes <= KNOWN

        check()
