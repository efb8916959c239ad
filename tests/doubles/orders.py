"""A service small enough to think about: it adds one BRM service per line of a JSON order."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.brm import Elements
from gateway.domain.ledger import LineKey, LineRecord
from gateway.domain.poid import bare
from gateway.domain.xref import XrefRow, XrefTable
from gateway.errors import InvalidMessage, Unavailable
from gateway.messaging.unit import Effects, Plan, Reply, RequestKey, Unit
from tests.doubles.brm import ACCOUNT, array

QUEUE = "AIA_CRTBO_OUT_JMSQ"
REPLIES = "AIA_UPDBO_IN_JMSQ"


def order(number: str, *lines: str, account: str = "acct-1", **more: Any) -> bytes:
    """Write an order; ``more``: ebm (EBMID, else the number), brm, login, reply, silent (no opcode), read, stubborn."""
    return json.dumps({"order": number, "account": account, "lines": list(lines), **more}).encode()


def by_account(payload: bytes) -> str | None:
    """Group orders by account."""
    try:
        return str(json.loads(payload)["account"])
    except (ValueError, KeyError) as error:
        raise InvalidMessage("no account") from error


def _nothing(_told: dict[str, Any]) -> None:
    return


@dataclass(slots=True)
class OrderService:
    """Implements the ``Service`` port; ``during`` is called in the middle of the work."""

    operation: str = "ProcessBilling"
    during: Callable[[dict[str, Any]], None] = _nothing
    mute: bool = False
    worked: list[str] = field(default_factory=list)

    def plan(self, body: bytes) -> Plan:
        try:
            told = json.loads(body)
            number = told["order"]
        except (ValueError, KeyError) as error:
            raise InvalidMessage("not an order", element="/order") from error
        key = RequestKey("OSMCFS_01", told.get("ebm", number), self.operation)
        accounts = (told["account"],) if told["account"] else ()
        return Plan(key, body, told.get("brm", "BRM_01"), accounts, told, order=number, account=told["account"])

    def work(self, plan: Plan, unit: Unit) -> Effects:
        told = plan.payload
        self.worked.append(told["order"])
        self.during(told)
        known = unit.lines.of(told["lines"])
        lines = [line for line in told["lines"] if line not in known]
        if told.get("read"):
            unit.opcodes.call("PCM_OP_READ_FLDS", {"POID": ACCOUNT})
        poids = {} if told.get("silent") or not lines else self._stubborn(told, lines, unit)
        result = json.dumps({"order": told["order"], "poids": poids}).encode()
        return Effects(
            result=result,
            xref_populate=tuple(
                XrefRow(XrefTable.INSTALLEDPRODUCT_ID, f"asset-{line}", unit.brm, poid) for line, poid in poids.items()
            ),
            lines=tuple(
                LineRecord(LineKey(line, "1", "FULFILL", "DO"), unit.brm, "ADD", "done", poids.get(line, ""))
                for line in lines
            ),
            replies=(Reply(REPLIES, result),) if told.get("reply") else (),
        )

    def error_reply(self, plan: Plan, error: Exception) -> Reply | None:
        if self.mute:
            raise RuntimeError
        if not plan.payload.get("reply"):
            return None
        return Reply(REPLIES, json.dumps({"order": plan.payload["order"], "error": str(error)}).encode())

    def refusal(self, body: bytes, error: Exception) -> Reply | None:
        if b'"reply": true' not in body:
            return None
        try:
            number = json.loads(body)["order"]
        except ValueError:
            number = None
        return Reply(REPLIES, json.dumps({"order": number, "error": str(error)}).encode())

    def response(self, result: bytes) -> Reply | None:
        return None if self.mute else Reply(REPLIES, result)

    def _stubborn(self, told: dict[str, Any], lines: list[str], unit: Unit) -> dict[str, str]:
        try:
            return self._add(told, lines, unit)
        except Unavailable:
            if not told.get("stubborn"):
                raise
            return self._add(told, lines, unit)

    def _add(self, told: dict[str, Any], lines: list[str], unit: Unit) -> dict[str, str]:
        account = unit.xref.value(XrefTable.CUSTOMERPARTY_ACCOUNTID, told["account"], unit.brm)
        services: Elements = {
            number: {"O2C_FLD_COMMON_ID": f"asset-{line}", "LOGIN": told.get("login", "")}
            for number, line in enumerate(lines)
        }
        made = array(
            unit.opcodes.call("PCM_OP_CUST_MODIFY_CUSTOMER", {"POID": account, "SERVICES": services}), "SERVICES"
        )
        return {line: bare(made[number]["SERVICE_OBJ"]) for number, line in enumerate(lines)}
