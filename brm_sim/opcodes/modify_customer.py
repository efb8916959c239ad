"""PCM_OP_CUST_MODIFY_CUSTOMER: adds services with what is bought for them, and billing profiles, to an account."""

from __future__ import annotations

from brm_sim.call import Call
from brm_sim.errors import refusal
from brm_sim.flist import Flist, Poid
from brm_sim.opcodes import accounts, given, profiles, services
from brm_sim.opcodes.profile_objects import ProfileMaker


def modify_customer(call: Call, flist: Flist) -> Flist:
    """{POID account, BILLINFO[], PAYINFO[], BAL_INFO[], SERVICES[]} → {POID, ACCOUNT_OBJ, RESULT 1, …, SERVICES[]}.

    The first BILLINFO names the profile whose default balance group the services join; without one it is the account's.
    Customer validation answers RESULT 0 and FIELD[], and changes nothing. Raises ErrorBuffer: account closed (113), a
    profile or balance group of another account (BAD_VALUE), offers that cannot be bought (see deals).
    """
    account = accounts.open_account(call.session, given.poid(flist, "POID"))
    poid = given.poid(account, "POID")
    if found := [*profiles.failures(flist), *services.failures(call, flist)]:
        return {"POID": poid, "ACCOUNT_OBJ": poid, **refusal(found)}
    currency = given.integer(account, "CURRENCY") or call.catalog.currency
    made = ProfileMaker(call, poid, currency, flist).make()
    maker = services.ServiceMaker(
        call, poid, currency, given.text(flist, "PROGRAM_NAME"), made, made.first_group() or _default_group(account)
    )
    added = maker.make(given.array(flist, "SERVICES"))
    return {
        "POID": poid,
        "ACCOUNT_OBJ": poid,
        "RESULT": 1,
        **made.output(),
        **({"SERVICES": added} if added else {}),
    }


def _default_group(account: Flist) -> Poid | None:
    return given.optional_poid(account, "BAL_GRP_OBJ")
