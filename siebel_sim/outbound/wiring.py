"""Puts the outbound half together: policies, the hook in the store, and who delivers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from siebel_sim.outbound.events import Events
from siebel_sim.outbound.policies import read_policies
from siebel_sim.outbound.workflows import workflows_in
from siebel_sim.repository import Repository
from siebel_sim.store import Store
from simkit.outbox import Sender, SoapDelivery
from simkit.sending import SendingSettings

_ERROR_CODE = "{*}Error_spcCode"
_ERROR_MESSAGE = "{*}Error_spcMessage"


class NotTaken(Exception):
    """The receiver answered, without a fault, that it did not take a message."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """What Siebel tells others: which policies fire, and the sender of the outbox."""

    events: Events
    sender: Sender


def outbound(
    settings: SendingSettings,
    store: Store,
    repository: Callable[[], Repository],
    *,
    contracts: Sequence[Path],
    policies: Path | None = None,
) -> Outbound:
    """Wire it; ``contracts`` are the folders of the receivers', ``policies`` a file of one's own.

    Without ``send_to`` nothing fires. Raises PolicyError for a policy of that file which cannot be, ContractError.
    """
    workflows = workflows_in(*contracts)
    known = read_policies(policies)
    defaults = read_policies()
    strict = frozenset(name for name, each in known.items() if defaults.get(name) != each)
    events = Events(known, workflows, repository, store, strict)
    base = (settings.send_to or "").rstrip("/")
    delivery = SoapDelivery(
        (each.contract for each in workflows.values() if base),
        lambda contract: f"{base}/services/{contract.name}",
        credentials=settings.send_credentials,
        check=refuse_error,
    )
    sender = Sender(store.outbox, delivery, settings.patience, threads=settings.send_threads if base else 0)
    if base:
        store.listen(events)
        store.after_commit(sender.wake)
    return Outbound(events, sender)


def refuse_error(answer: etree._Element | None) -> None:
    """Raise NotTaken when an answer carries an error code."""
    if answer is not None and (code := answer.findtext(_ERROR_CODE, "").strip()):
        raise NotTaken(f"{code}: {answer.findtext(_ERROR_MESSAGE, '')}")
