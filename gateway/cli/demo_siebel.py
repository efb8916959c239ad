"""The demo's scenes in Siebel: a customer read, and an edit on either side that reaches the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.bootstrap import Gateway
from gateway.cli.output import console, record, rows
from gateway.cli.stage import heading, waited
from gateway.demo.customers import Customer
from gateway.demo.siebel import SiebelAccount, SiebelDemo, brief
from gateway.domain.brm import Flist
from gateway.inquiry import holdings
from gateway.inquiry.holdings import Account
from gateway.messaging.queues import State

QUEUE = "CUT_OUT_BRM"
_MOVED = {"StreetAddress": "4 Mill Lane", "City": "York", "PostalCode": "YO1 6GD"}
_NEW_NUMBER = "441904960123"
_HOME = 1
_BILLING_CONTACT = 1


@dataclass(frozen=True, slots=True)
class SiebelScenes:
    """Scenes about one customer, whom XREF knows in both systems."""

    gateway: Gateway
    siebel: SiebelDemo
    brm: str
    shown: set[int] = field(default_factory=set)

    def is_read(self, customer: Customer) -> None:
        """CUT Get Account Data, with all that is in the account."""
        heading(f"{customer.first_name} {customer.last_name} in Siebel · CUT Get Account Data, through the gateway")
        self._show(self.siebel.account(customer))

    def moves_in_siebel(self, customer: Customer) -> None:
        """Change an address in Siebel: it is told to the gateway and reaches BRM."""
        heading("She moves: her address is changed in Siebel, and reaches BRM")
        self.siebel.edit_address(self.siebel.account(customer), _MOVED)
        moved = waited(lambda: self._in_brm(customer, _MOVED["City"]), f"the address in {self.brm}")
        self._show_brm(moved)
        self._stories(1)

    def is_called_otherwise_in_brm(self, customer: Customer) -> None:
        """Change a telephone number in BRM: it is told to the gateway and reaches Siebel."""
        heading("Billing notes her new telephone number in BRM, and it reaches Siebel")
        self.gateway.brms[self.brm].call(None, "PCM_OP_CUST_UPDATE_CUSTOMER", self._new_number(customer))
        changed = waited(lambda: self._in_siebel(customer, _NEW_NUMBER), "the telephone number in Siebel")
        self._show(changed)
        self._stories(2)
        console.print("Siebel tells that change too: nothing differs then, and nothing more is sent.")

    def _new_number(self, customer: Customer) -> Flist:
        [account] = holdings.accounts(self.gateway.brms[self.brm], customer.number)
        phone: Flist = {"TYPE": _HOME, "PHONE": _NEW_NUMBER}
        contact: Flist = {"PHONES": {0: phone}}
        return {
            "POID": account.poid,
            "ACCOUNT_OBJ": account.poid,
            "PROGRAM_NAME": "billing desk",
            "NAMEINFO": {_BILLING_CONTACT: contact},
        }

    def _in_brm(self, customer: Customer, city: str) -> Account | None:
        [account] = holdings.accounts(self.gateway.brms[self.brm], customer.number)
        return account if city in account.address else None

    def _in_siebel(self, customer: Customer, phone: str) -> SiebelAccount | None:
        account = self.siebel.account(customer)
        return account if account.phone == phone else None

    def _show(self, account: SiebelAccount) -> None:
        rows(("component", "row id", "data"), [*brief(account)], as_json=False, empty="")

    def _show_brm(self, account: Account) -> None:
        rows(("number", "name", "address", "phone"), [record(account)], as_json=False, empty="")

    def _stories(self, count: int) -> None:
        """Show what this many new hints about her led to, once they are settled."""
        for intake in waited(lambda: self._settled(count), QUEUE):
            told = [record(step) for step in self.gateway.admin.story(intake)]
            shown = [{**step, "at": step["at"].strftime("%H:%M:%S.%f")[:-3]} for step in told]
            console.print(f"\n[bold]Message {intake} of {QUEUE}[/bold]")
            rows(("at", "step", "text"), shown, as_json=False, empty="")
            self.shown.add(intake)

    def _settled(self, count: int) -> list[int] | None:
        """Return the messages not shown yet, when they are so many and none is left to be worked on."""
        messages = self.gateway.admin.messages(QUEUE)
        new = [each.intake for each in messages if each.intake not in self.shown]
        return sorted(new) if len(new) >= count and all(each.state is State.DONE for each in messages) else None
