from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings

from brm_sim import flist_text
from brm_sim.errors import Errno, ErrorBuffer
from brm_sim.flist import ANY_ELEMENT, Array, Flist, Poid
from tests.brm_sim.flists import flists

ACCOUNT: Flist = {
    "POID": Poid("0.0.0.1", "/account", 41343, 9),
    "CREATED_T": datetime(2017, 1, 7, tzinfo=UTC),
    "ACCTINFO": Array({0: {"CURRENCY": 840, "ACCOUNT_NO": 'A "quoted"\nnumber'}, 2: {}}),
    "GROUP_INFO": {"PARENT": Poid("0.0.0.1", "/account", 1)},
    "AMOUNT": Decimal("35.00"),
    "LOGIN": None,
    "O2C_FLD_COMMON_ID": "line-1",
    "RESULTS": Array({ANY_ELEMENT: {}}),
}
PRINTED = r"""# number of field entries allocated 20, used 9
0 PIN_FLD_POID                POID [0] 0.0.0.1 /account 41343 9
0 PIN_FLD_CREATED_T         TSTAMP [0] (1483747200) Sat Jan  7 00:00:00 2017
0 PIN_FLD_ACCTINFO           ARRAY [0] allocated 20, used 2
1     PIN_FLD_CURRENCY             INT [0] 840
1     PIN_FLD_ACCOUNT_NO           STR [0] "A \"quoted\"\nnumber"
0 PIN_FLD_ACCTINFO           ARRAY [2] NULL
0 PIN_FLD_GROUP_INFO     SUBSTRUCT [0] allocated 20, used 1
1     PIN_FLD_PARENT              POID [0] 0.0.0.1 /account 1 0
0 PIN_FLD_AMOUNT           DECIMAL [0] 35.00
0 PIN_FLD_LOGIN                STR [0] NULL
0 O2C_FLD_COMMON_ID            STR [0] "line-1"
0 PIN_FLD_RESULTS            ARRAY [*] NULL
"""


def test_a_flist_prints_as_testnap_prints_it() -> None:
    assert flist_text.dumps(ACCOUNT) == PRINTED


def test_a_printed_flist_is_read_back() -> None:
    assert flist_text.loads(PRINTED) == ACCOUNT


def test_spacing_and_comments_do_not_matter_to_the_reader() -> None:
    text = "# a comment\n\n0 PIN_FLD_POID POID [0] 0.0.0.1 /account 41343 9\n  0   PIN_FLD_CURRENCY  INT [0] 840  \n"
    assert flist_text.loads(text) == {"POID": Poid("0.0.0.1", "/account", 41343, 9), "CURRENCY": 840}


@pytest.mark.parametrize(
    ("text", "errno"),
    [
        ("hello", Errno.BAD_ARG),
        ("0 PIN_FLD_POID POID [0] account", Errno.BAD_TYPE),
        ("0 PIN_FLD_CURRENCY INT [0] 99999999999", Errno.BAD_TYPE),
        ("0 PIN_FLD_CURRENCY INT [0] 9999999999", Errno.BAD_VALUE),
        ("0 PIN_FLD_LOGIN STR [0] bare", Errno.BAD_ARG),
        ("1 PIN_FLD_LOGIN STR [0] NULL", Errno.BAD_ARG),
        ("0 PIN_FLD_LOGIN STR [0] NULL\n0 PIN_FLD_LOGIN STR [0] NULL", Errno.BAD_ARG),
        ("0 PIN_FLD_END_T TSTAMP [0] tomorrow", Errno.BAD_ARG),
        ("0 PIN_FLD_END_T TSTAMP [0] (99999999999999) never", Errno.BAD_ARG),
    ],
)
def test_what_is_not_a_flist_is_refused_with_an_error_buffer(text: str, errno: Errno) -> None:
    with pytest.raises(ErrorBuffer) as refused:
        flist_text.loads(text)
    assert refused.value.errno is errno


@settings(max_examples=60)
@given(flists())
def test_any_flist_survives_its_text_form(flist: Flist) -> None:
    assert flist_text.loads(flist_text.dumps(flist)) == flist
