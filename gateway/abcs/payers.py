"""Whom BRM charges for a line: asked of BRM where cross-references do not say, and once an order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gateway.domain.brm import Flist
from gateway.domain.order import Named, Parties
from gateway.domain.poid import bare
from gateway.domain.references import NOT_SYNCED, References
from gateway.errors import UnknownReference
from gateway.transforms.answers import at, subordinate
from gateway.transforms.flists import OpcodeCall, Payer, balance_group_of, billinfos_of

Caller = Callable[[OpcodeCall], Flist]


@dataclass(slots=True)
class Payers:
    """Finds payers; ``call`` runs an opcode in the order's transaction."""

    references: References
    call: Caller
    _known: dict[tuple[str, str], Payer] = field(default_factory=dict)

    def of_service(self, parties: Parties) -> Payer:
        """Return account and billinfo of a service.

        A service account that another account pays for has a billinfo of its own, subordinate to the payer's; that one
        is searched. Raises UnknownReference when the account, the profile or that billinfo is not in BRM.
        """
        profile = parties.billing_profile
        key = (parties.owner.id, "" if profile is None else profile.id)
        if key not in self._known:
            self._known[key] = self._found(parties, profile)
        return self._known[key]

    def of_account(self, parties: Parties) -> Payer:
        """Return the same, with the balance group that purchases at account level are charged to."""
        payer = self.of_service(parties)
        if payer.billinfo is None or payer.balance_group is not None:
            return payer
        output = self.call(balance_group_of(payer.billinfo))
        payer = replace(payer, balance_group=bare(at(output, ("BAL_GRP_OBJ",))))
        profile = parties.billing_profile
        self._known[parties.owner.id, "" if profile is None else profile.id] = payer
        return payer

    def owner(self, parties: Parties) -> Payer:
        """Return the account alone: what is there already has its payer."""
        return Payer(self.references.account(parties.owner))

    def _found(self, parties: Parties, profile: Named | None) -> Payer:
        account = self.references.account(parties.owner)
        payer = parties.billing_account
        if payer is not None:
            self.references.account(payer)
        if profile is None:
            return Payer(account)
        billinfo = self.references.billing_profile(profile)
        if payer is None or payer.id == parties.owner.id:
            return Payer(account, billinfo)
        found = subordinate(self.call(billinfos_of(account)), account, billinfo)
        if found is None:
            text = (
                f"{profile.path}: billing profile '{profile.id}' of account '{payer.id}' pays for no billing profile "
                f"of service account '{parties.owner.id}' in {self.references.column}"
            )
            raise UnknownReference(text, code=NOT_SYNCED, element=profile.path)
        return found
