"""The order of the sample add.initiate as zeep takes it: plain values, named as in the contract."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import uuid4

from tests.interop.places import Customer

Values: TypeAlias = dict[str, Any]

ORDERED = datetime(2026, 11, 20, 9, 58, tzinfo=UTC)
CONTRACT_END = datetime(2028, 11, 20, tzinfo=UTC)
REPLY_TO = "ProcessFulfillmentOrderBillingResponseOSMCFSCommsJMSProducer"


def mobile(number: str, customer: Customer, service_id: str) -> Values:
    """Return the arguments of ProcessBilling for a mobile bundle and a paper bill."""
    order = {
        "Identification": _order_id(number),
        "OrderDateTime": ORDERED,
        "FulfillmentModeCode": "DELIVER",
        "BillingMode": "INITIATE BILLING",
        "CustomerPartyReference": {"CustomerPartyAccountIdentification": _account(customer)},
        "FulfillmentOrderLine": _lines(number, customer, service_id),
    }
    return {"EBMHeader": _header(number), "DataArea": {"Process": {}, "ProcessFulfillmentOrderBilling": order}}


def _header(number: str) -> Values:
    sender = {
        "ID": "OSMCFS_01",
        "ObjectCrossReference": [{"SenderObjectIdentification": _order_id(number)}],
        "WSAddress": {"ReplyTo": REPLY_TO},
    }
    return {"EBMID": str(uuid4()), "CreationDateTime": ORDERED, "Sender": sender, "Target": {"ID": "BRM_01"}}


def _lines(number: str, customer: Customer, service_id: str) -> list[Values]:
    bundle = _line(number, customer, "1", "item-mobile-service", "SERVICE BUNDLE")
    bundle["ItemReference"]["ClassificationCode"] += [_code("/service/telco/gsm/telephony", "PermittedTypeCode")]
    bundle["FulfillmentOrderSchedule"]["FulfillmentOrderItemInstance"] = {"Identification": {"ID": service_id}}
    tariff = _line(number, customer, "1.1", "item-mobile-tariff", "SUBSCRIPTION", parent="1")
    tariff["FulfillmentOrderSchedule"]["FulfillmentOrderScheduleCharge"] = [_charge("RECURRING", "35.00", "30.00")]
    handset = _line(number, customer, "1.2", "item-handset-fee", "ITEM", parent="1")
    handset["FulfillmentOrderSchedule"]["FulfillmentOrderScheduleCharge"] = [_charge("ONE-TIME", "120.00")]
    discount = _line(number, customer, "1.3", "item-loyalty-discount", "DISCOUNT", parent="1")
    discount["EffectiveTimePeriod"] = {"EndDateTime": CONTRACT_END}
    return [bundle, tariff, handset, discount, _line(number, customer, "2", "item-paper-bill", "SUBSCRIPTION")]


def _line(number: str, customer: Customer, position: str, item: str, kind: str, *, parent: str = "") -> Values:
    line: Values = {
        "Identification": _line_id(number, position),
        "ActionCode": "ADD",
        "OrderQuantity": Decimal(1),
        "InstalledProductReference": {
            "InstalledProductIdentification": _common("INSTALLEDPRODUCT_ID", f"asset-{number}-{position}")
        },
        "ItemReference": {
            "ItemIdentification": _common("ITEM_ITEMID", item),
            "ClassificationCode": [_code(kind, "BillingProductTypeCode")],
        },
        "FulfillmentOrderSchedule": _schedule(customer),
    }
    parents = ("ParentFulfillmentOrderLineIdentification", "RootParentFulfillmentOrderLineIdentification")
    return line | ({name: _line_id(number, parent) for name in parents} if parent else {})


def _schedule(customer: Customer) -> Values:
    profile = {"BillingProfileIdentification": _common("CUSTOMERPARTY_BILLPROFILEID", customer.billing_profile)}
    return {
        "OwnerPartyReference": {"CustomerPartyAccountIdentification": _account(customer)},
        "BillToPartyReference": {
            "CustomerPartyAccountIdentification": _account(customer),
            "BillingProfileReference": profile,
        },
    }


def _charge(kind: str, list_price: str, override: str = "") -> Values:
    charge = {"PriceTypeCode": kind, "UnitListPrice": _amount(list_price)}
    return charge | ({"PriceOverride": _amount(override)} if override else {})


def _order_id(number: str) -> Values:
    reference = {"_value_1": number, "schemeID": "SALESORDER_NUMBER", "schemeAgencyID": "SEBL_01"}
    return _common("SALESORDER_ID", f"order-{number}") | {"ID": reference}


def _line_id(number: str, position: str) -> Values:
    return _common("SALESORDER_LINEID", f"line-{number}-{position}")


def _account(customer: Customer) -> Values:
    return _common("CUSTOMERPARTY_ACCOUNTID", customer.account)


def _common(scheme: str, value: str) -> Values:
    return {"BusinessComponentID": {"_value_1": value, "schemeID": scheme, "schemeAgencyID": "COMMON"}}


def _code(value: str, of_list: str) -> Values:
    return {"_value_1": value, "listID": of_list}


def _amount(value: str) -> Values:
    return {"_value_1": Decimal(value), "currencyCode": "GBP"}
