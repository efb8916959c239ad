"""The eight objects as a tester of them sees them: a record of each that Siebel takes, and how to spoil it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Tree: TypeAlias = "dict[str, Any]"
"""A record as zeep takes and gives it: fields by tag, children as ``{"ListOfContact": {"Contact": [...]}}``."""


@dataclass(frozen=True, slots=True)
class CutObject:
    """One object. ``child`` is the tag of its first child, ``made`` gives a whole record of a number.

    ``required`` is a field that has to be there, ``changeable`` one that may be anything short, ``listed`` one with a
    bounded picklist; ``bad`` makes of one child another that cannot be, and ``refused`` what Siebel says of that.
    """

    name: str
    service: str
    siebel: str
    io: str
    list: str
    root: str
    child: str
    made: Callable[[str], Tree]
    changeable: str
    listed: str
    required: str
    bad: Mapping[str, str]
    refused: str
    operations: tuple[str, ...] = ("Get", "Send", "Receive")
    user_keys: frozenset[str] = field(default_factory=frozenset)

    @property
    def word(self) -> str:
        """What operations call it: ServiceProfile."""
        return self.service.removeprefix("CUT")

    @property
    def xml(self) -> str:
        """The property that holds the object as a string: ``Service_spcProfile_spcXML``."""
        return f"{self.name} XML".replace(" ", "_spc")

    def message(self, *records: Tree) -> Tree:
        """Put records in their list."""
        return {self.list: {self.root: [deepcopy(record) for record in records]}}

    def without_keys(self, number: str) -> Tree:
        """Give a record without any field by which Siebel would know it."""
        return {tag: value for tag, value in self.made(number).items() if tag not in self.user_keys}

    def with_bad_child(self, number: str) -> Tree:
        """Give a record of which one child, not the first, is not as it should be."""
        record = self.made(number)
        children = record[f"ListOf{self.child}"][self.child]
        own = {name: given for name, given in children[0].items() if not name.startswith("ListOf")}
        children.append(own | {"IntegrationId": f"{number}-bad", **self.bad})
        return record


def listed(tag: str, *records: Tree) -> Tree:
    """Give the container of children."""
    return {f"ListOf{tag}": {tag: list(records)}}


def account(number: str) -> Tree:
    """Give a customer with an address, a contact and a billing profile."""
    address = {"IntegrationId": f"{number}-a", "AddressName": "Home", "StreetAddress": "1 High St", "City": "York"}
    contact = {"IntegrationId": f"{number}-c", "FirstName": "Ada", "LastName": "Jones", "WorkPhone": "+441904000"}
    profile = {"IntegrationId": f"{number}-b", "BillingProfileName": f"Bill {number}", "PaymentMethod": "Bill Me"}
    return (
        {"IntegrationId": number, "Name": f"Jones {number}", "Location": "York", "Type": "Residential"}
        | listed("CutAddress", address)
        | listed("Contact", contact)
        | listed("ComInvoiceProfile", profile)
    )


def asset(number: str) -> Tree:
    """Give a phone number: an asset, with an attribute."""
    attribute = {"IntegrationId": f"{number}-x", "Name": "Plan", "Value": "Gold"}
    given = {"AssetNumber": f"A-{number}", "SerialNumber": f"+44{number}", "Name": "Mobile", "ProductId": "1-PROD"}
    return {"IntegrationId": number, **given} | listed("AssetMgmt-AssetXA", attribute)


def service_profile(number: str) -> Tree:
    """Give an account with what is installed there."""
    return {"IntegrationId": number, "Name": f"Jones {number}"} | listed("AssetMgmt-Asset", asset(f"{number}-s"))


def sales_order(number: str) -> Tree:
    """Give an order three levels deep, with a payment."""
    value = {"IntegrationId": f"{number}-x", "Attribute": "Colour", "Value": "red"}
    below = {"IntegrationId": f"{number}-l", "LineNumber": "1.1", "ActionCode": "Add", "Name": "Voicemail"}
    line = {"IntegrationId": f"{number}-i", "LineNumber": "1", "ActionCode": "Add", "Name": "Mobile"}
    item = line | listed("OrderItemXa", value) | listed("OrderItem", below)
    payment = {"IntegrationId": f"{number}-p", "PaymentNumber": "1", "PaymentMethod": "Cash"}
    order = {"IntegrationId": number, "OrderNumber": f"O-{number}", "OrderType": "Sales Order", "AccountId": "1-ACC"}
    return order | listed("OrderItem", item) | listed("OrderPayment", payment)


def work_order(number: str) -> Tree:
    """Give a visit of an engineer."""
    line = {"IntegrationId": f"{number}-i", "LineNumber": "1", "ActionCode": "Install", "Name": "Router"}
    order = {"IntegrationId": number, "OrderNumber": f"W-{number}", "OrderType": "Repair", "AccountId": "1-ACC"}
    return order | listed("OrderItem", line)


def trouble_ticket(number: str) -> Tree:
    """Give a ticket that the back office works on."""
    action = {"IntegrationId": f"{number}-t", "ActivityUID": f"U-{number}", "Type": "Note"}
    ticket = {"IntegrationId": number, "SRNumber": f"T-{number}", "TicketType": "Back Office", "Abstract": "No tone"}
    return ticket | listed("Action", action)


def fraud_alert(number: str) -> Tree:
    """Give an alert with a call that raised it."""
    call = {"IntegrationId": f"{number}-d", "CallDateTime": "11/20/2026 10:00:00", "NumberCalled": "+8821"}
    alert = {"IntegrationId": number, "AlertNumber": f"F-{number}", "FraudType": "Cloning", "Owner": "SADMIN"}
    return alert | listed("CutFraudAlertCallDetail", call)


def credit_alert(number: str) -> Tree:
    """Give an alert with what was done about it."""
    activity = {"IntegrationId": f"{number}-y", "Type": "Reminder", "Description": "letter"}
    alert = {"IntegrationId": number, "AlertNumber": f"C-{number}", "Status": "Open", "Owner": "SADMIN"}
    return alert | listed("CutCreditAlertActivity", activity)


_IDS = frozenset({"Id", "IntegrationId"})

OBJECTS: Mapping[str, CutObject] = {
    each.word: each
    for each in (
        CutObject(
            "Account",
            "CUTAccount",
            "CUTSampleAccount",
            "CUT Sample Account IO",
            "ListOfCutSampleAccountIo",
            "Account",
            "CutAddress",
            account,
            changeable="MainPhoneNumber",
            listed="AccountStatus",
            required="Name",
            bad={"AddressName": "Other", "City": ""},
            refused="SBL-DAT-00498",
            user_keys=_IDS | {"Name", "Location", "Organization"},
        ),
        CutObject(
            "Service Profile",
            "CUTServiceProfile",
            "CUTSampleServiceProfile",
            "CUT Sample Service Profile IO",
            "ListOfCutSampleServiceProfileIo",
            "Account",
            "AssetMgmt-Asset",
            service_profile,
            changeable="Location",
            listed="AccountStatus",
            required="Name",
            bad={"AssetNumber": ""},
            refused="SBL-DAT-00498",
            user_keys=_IDS,
        ),
        CutObject(
            "Sales Order",
            "CUTSalesOrder",
            "CUTSampleSalesOrder",
            "CUT Sample Sales Order IO",
            "ListOfCutSampleSalesOrderIo",
            "Order",
            "OrderItem",
            sales_order,
            changeable="Comments",
            listed="Status",
            required="AccountId",
            bad={"LineNumber": "2", "Status": "Dance"},
            refused="SBL-DAT-00225",
            user_keys=_IDS | {"OrderNumber"},
        ),
        CutObject(
            "Work Order",
            "CUTWorkOrder",
            "CUTSampleWorkOrder",
            "CUT Sample Work Order IO",
            "ListOfCutSampleWorkOrderIo",
            "Order",
            "OrderItem",
            work_order,
            changeable="Comments",
            listed="Status",
            required="AccountId",
            bad={"LineNumber": "2", "Status": "Dance"},
            refused="SBL-DAT-00225",
            user_keys=_IDS | {"OrderNumber"},
        ),
        CutObject(
            "Trouble Ticket",
            "CUTTroubleTicket",
            "CUTSampleTroubleTicket",
            "CUT Sample Trouble Ticket IO",
            "ListOfCutSampleTroubleTicketIo",
            "ServiceRequest",
            "Action",
            trouble_ticket,
            changeable="Abstract",
            listed="Status",
            required="SRNumber",
            bad={"ActivityUID": "U", "Status": "Dance"},
            refused="SBL-DAT-00225",
            user_keys=_IDS | {"SRNumber"},
        ),
        CutObject(
            "Phone Number",
            "CUTPhoneNumber",
            "CUTSampleAsset",
            "CUT Sample Asset IO",
            "ListOfCutSampleAssetIo",
            "AssetMgmt-Asset",
            "AssetMgmt-AssetXA",
            asset,
            changeable="SerialNumber",
            listed="Status",
            required="AssetNumber",
            bad={"Name": ""},
            refused="SBL-DAT-00498",
            user_keys=_IDS | {"AssetNumber"},
        ),
        CutObject(
            "Fraud Alert",
            "CUTFraudAlert",
            "CUTSampleFraudAlert",
            "CUT Sample Fraud Alert IO",
            "ListOfCutSampleFraudAlertIo",
            "CutFraudAlert",
            "CutFraudAlertCallDetail",
            fraud_alert,
            changeable="Owner",
            listed="FraudType",
            required="AlertNumber",
            bad={"NumberCalled": ""},
            refused="SBL-DAT-00498",
            operations=("Receive",),
            user_keys=_IDS | {"AlertNumber"},
        ),
        CutObject(
            "Credit Alert",
            "CUTCreditAlert",
            "CUTSampleCreditAlert",
            "CUT Sample Credit Alert IO",
            "ListOfCutSampleCreditAlertIo",
            "CutCreditAlert",
            "CutCreditAlertActivity",
            credit_alert,
            changeable="Owner",
            listed="Status",
            required="AlertNumber",
            bad={"Type": ""},
            refused="SBL-DAT-00498",
            operations=("Receive",),
            user_keys=_IDS | {"AlertNumber"},
        ),
    )
}
"""By the word that operations call them."""
