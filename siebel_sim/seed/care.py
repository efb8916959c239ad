"""Trouble tickets, and what was done about them."""

from __future__ import annotations

from random import Random

from siebel_sim.seed.accounts import Account
from siebel_sim.seed.assets import Asset
from siebel_sim.seed.batch import Batch, Fields, moment
from siebel_sim.seed.customers import TODAY
from siebel_sim.seed.holdings import Holding
from siebel_sim.seed.words import PROBLEMS

_TYPES = ("Customer", "Customer", "Customer", "Back Office", "Network")
_AGENTS = ("HPATEL", "JGREEN", "OCOSTA", "SWALSH")
_PRIORITIES = ("1-ASAP", "2-High", "3-Medium", "4-Low")
_SEVERITIES = ("2-High", "3-Medium", "4-Low")
_LONGEST_OPEN = 20
_OPENED = ("Call - Inbound", "The customer called")
_MENDED = ("Call - Outbound", "Told the customer that it is mended")


def add_ticket(batch: Batch, account: Account, number: str, about: tuple[Holding, Asset], random: Random) -> None:
    """Add a ticket about a service, with the call that opened it; a closed one has what mended it, too."""
    day = random.randrange(account.customer.since + 10, TODAY + 1)
    closed = day < TODAY - _LONGEST_OPEN
    kind = random.choice(_TYPES)
    area, sub_area, abstract, description = random.choice(PROBLEMS)
    fields = {
        **_about(account, about),
        "Integration Id": f"ticket-{number}",
        "SR Number": number,
        "Ticket Type": kind,
        "Status": "Closed" if closed else "Open",
        "Sub Status": "Resolved" if closed else "In Progress",
        "Priority": random.choice(_PRIORITIES),
        "Severity": random.choice(_SEVERITIES),
        "Area": area,
        "Sub Area": sub_area,
        "Abstract": abstract,
        "Description": description,
        "Owner": random.choice(_AGENTS),
        "Opened Date": moment(day),
        "Commit Time": moment(day + 3),
        "Closed Date": moment(day + 2) if closed else None,
    }
    row_id = batch.add("Service Request", fields, created=moment(day))
    _add_action(batch, row_id, f"{number}-1", day, _OPENED)
    if closed:
        _add_action(batch, row_id, f"{number}-2", day + 2, _MENDED)


def _about(account: Account, about: tuple[Holding, Asset]) -> Fields:
    customer, person = account.customer, account.customer.people[0]
    holding, asset = about
    return {
        "Account Id": account.row_id,
        "Account": customer.name,
        "Account Location": customer.location,
        "Contact Id": account.contact,
        "Contact First Name": person.first,
        "Contact Last Name": person.last,
        "Contact Email Address": person.email,
        "Contact Home Phone": person.phone,
        "Asset Id": asset.row_id,
        "Asset Number": asset.number,
        "Product Name": holding.product.name,
        "Primary Organization Id": "0-R9NH",
    }


def _add_action(batch: Batch, parent: str, number: str, day: int, what: tuple[str, str]) -> None:
    kind, abstract = what
    fields = {
        "Integration Id": f"action-{number}",
        "Activity UID": number,
        "Type": kind,
        "Status": "Done",
        "Abstract": abstract,
        "Planned": moment(day),
        "Planned Completion": moment(day, 10),
        "Done": moment(day, 10),
        "Duration Hours": "0",
        "Duration Minutes": "15",
    }
    batch.add("Action", fields, created=moment(day), parent=parent)
