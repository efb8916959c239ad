"""PCM_OP_SUBSCRIPTION_PURCHASE_DEAL: buy for an account, or for one of its services."""

from __future__ import annotations

from brm_sim.call import Call
from brm_sim.errors import Errno, ErrorBuffer
from brm_sim.flist import Flist, Poid
from brm_sim.opcodes import accounts, deals, given, offerings
from brm_sim.opcodes.charges import Charges


def purchase_deal(call: Call, flist: Flist) -> Flist:
    """{POID account, SERVICE_OBJ, BAL_GRP_OBJ, PROGRAM_NAME, DEAL_OBJ | DEAL_INFO} → {POID, SERVICE_OBJ, DEAL_INFO}.

    START_T and END_T of the call are the default purchase dates. Raises ErrorBuffer: account closed (113), service
    closed or another account's, offers unknown, expired (180, 181) or not permitted (198), terms that mean nothing.
    """
    account = accounts.open_account(call.session, given.poid(flist, "POID"))
    poid = given.poid(account, "POID")
    service = given.optional_poid(flist, "SERVICE_OBJ")
    owner = accounts.open_service(call.session, poid, service) if service else account
    charges = Charges(
        call=call,
        account=poid,
        balance_group=balance_group(call, poid, flist, owner),
        currency=given.integer(account, "CURRENCY") or call.catalog.currency,
        program=given.text(flist, "PROGRAM_NAME"),
    )
    deal, info = deals.deal_info(call, flist, service.type if service else "/account")
    purchase = deals.Purchase(call, charges, service, deal, existing=discounts_of(call, poid, service))
    bought = purchase.buy(_with_dates(flist, info))
    charges.settle()
    return {"POID": poid, **({"SERVICE_OBJ": service} if service else {}), "DEAL_INFO": bought}


def balance_group(call: Call, account: Poid, flist: Flist, owner: Flist) -> Poid:
    """Give the balance group that is charged: the one named, else the service's, else the account's default."""
    named = given.optional_poid(flist, "BAL_GRP_OBJ")
    if named is not None:
        accounts.own(call.session, account, named, "/balance_group", "BAL_GRP_OBJ")
        return named
    found = given.optional_poid(owner, "BAL_GRP_OBJ")
    if found is None:
        raise ErrorBuffer(Errno.NOT_FOUND, "there is no balance group to charge", field="BAL_GRP_OBJ")
    return found


def discounts_of(call: Call, account: Poid, service: Poid | None) -> list[Flist]:
    """Find the discounts bought for a service, or (None) for the account itself."""
    if service is not None:
        return call.session.find("/purchased_discount", SERVICE_OBJ=service)
    found = call.session.find("/purchased_discount", ACCOUNT_OBJ=account)
    return [each for each in found if each.get("SERVICE_OBJ") is None]


def _with_dates(flist: Flist, info: Flist) -> Flist:
    """Let the call's START_T and END_T stand where an offering names no dates of its own."""
    start, end = given.moment(flist, "START_T"), given.moment(flist, "END_T")
    if start is None and end is None:
        return info
    dated = dict(info)
    for name in ("PRODUCTS", "DISCOUNTS"):
        elements = given.array(info, name)
        for element, wanted in elements.items():
            own = offerings.kept(wanted, [date for date in offerings.DATES if given.moment(wanted, date)])
            elements[element] = {**wanted, "PURCHASE_START_T": start, "PURCHASE_END_T": end, **own}
        dated[name] = elements
    return dated
