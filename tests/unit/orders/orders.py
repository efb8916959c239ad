"""Orders in few words, as domain values; ``messages`` makes EBMs of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.domain.codes import Action, BillingMode, ProductType
from gateway.domain.order import ORDER_PATH, Line, Named, Order, Parties

ACCOUNT_PATH = f"{ORDER_PATH}/CustomerPartyReference/CustomerPartyAccountIdentification"
GSM = "/service/telco/gsm/telephony"


def named(line: int, kind: str, common: str) -> Named:
    """Return what a line names, with the path it stands at."""
    at = {
        "owner": "OwnerPartyReference/CustomerPartyAccountIdentification",
        "payer": "BillToPartyReference/CustomerPartyAccountIdentification",
        "profile": "BillToPartyReference/BillingProfileReference/BillingProfileIdentification",
    }
    return Named(common, f"{ORDER_PATH}/FulfillmentOrderLine[{line}]/FulfillmentOrderSchedule/{at[kind]}")


def parties(line: int, account: int = 1, payer: int | None = None, profile: int | None = None) -> Parties:
    """Return the parties of a line: by default one account, which pays for itself."""
    payer = account if payer is None else payer
    profile = payer if profile is None else profile
    return Parties(
        named(line, "owner", f"acct-{account:04}"),
        named(line, "payer", f"acct-{payer:04}"),
        named(line, "profile", f"billprof-{profile:04}"),
    )


def line(position: int, product: ProductType, **given: Any) -> Line:
    """Return an ADD line in INITIATE BILLING; ids count with the position."""
    made = Line(
        position=position,
        id=f"line-{position:04}",
        number=str(position),
        action=Action.ADD,
        product=product,
        billing=BillingMode.INITIATE,
        asset=f"asset-{position:04}",
        item={
            ProductType.ITEM: "item-handset-fee",
            ProductType.DISCOUNT: "item-loyalty-discount",
        }.get(product, "item-mobile-tariff"),
    )
    if product is ProductType.SERVICE_BUNDLE:
        made = replace(
            made,
            permitted_type=GSM,
            service_id=f"4477009{position:05}",
            name=f"Mobile {position}",
            item="item-mobile-service",
            parties=parties(position),
        )
    return replace(made, **given)


def under(parent: Line, position: int, product: ProductType, **given: Any) -> Line:
    """Return a line below another."""
    return line(position, product, parent=parent.id, root=parent.root or parent.id, **given)


def order(*lines: Line, **given: Any) -> Order:
    """Return an order of acct-0001 for BRM_01."""
    made = Order(
        ebm_id="ebm-0001",
        sender="OSMCFS_01",
        target="BRM_01",
        id="order-0001",
        number="1-10001",
        revision="1",
        account=Named("acct-0001", ACCOUNT_PATH),
        lines=lines,
    )
    return replace(made, **given)


def fulfilled(made: Order, ebm_id: str = "ebm-0002") -> Order:
    """Return the same order in FULFILL BILLING."""
    lines = tuple(replace(one, billing=BillingMode.FULFILL) for one in made.lines)
    return replace(made, ebm_id=ebm_id, lines=lines)


def renumbered(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return lines with positions as they stand: what a message with the lines in this order decodes to."""
    return tuple(replace(one, position=n) for n, one in enumerate(lines, start=1))
