"""Business service methods about account hierarchies: not the adapter's, but on the same business components."""

from __future__ import annotations

from collections.abc import Iterator

from siebel_sim.adapter.arguments import Answer, Arguments
from siebel_sim.components import column_of
from siebel_sim.errors import BAD_ARGUMENT, SiebelError
from siebel_sim.messages import Record
from siebel_sim.store import Row, Session

_ABOVE = column_of("Parent Account Id")
_MOST = 10_000
"""Accounts of one hierarchy: a customer with more is a mistake in the data."""


def get_account_hierarchy(session: Session, arguments: Arguments) -> Answer:
    """Give the hierarchy that ``AccountId`` is in, each account once with the one above it, from the top down.

    Nothing when there is no such account. SiebelError when no account is said.
    """
    asked = arguments.text("AccountId")
    if not asked:
        raise SiebelError(BAD_ARGUMENT.said("AccountId", "missing"))
    top = _top(session, asked)
    if top is None:
        return Answer([])
    (below,) = arguments.root.children.values()
    accounts = [Record(below, row) for row in _from(session, top)]
    return Answer([Record(arguments.root, {}, children={below.tag: accounts})])


def _top(session: Session, asked: str) -> Row | None:
    """Climb to the account that has none above it; in a circle, to the last one before it closes."""
    account = session.business("Account")
    row, seen = session.by_row_id(account, asked), {asked}
    while row is not None and (above := row.get(_ABOVE)) and above not in seen:
        seen.add(above)
        found = session.by_row_id(account, above)
        if found is None:  # it was deleted
            break
        row = found
    return row


def _from(session: Session, top: Row) -> Iterator[Row]:
    """Go down level by level; no account comes twice."""
    account = session.business("Account")
    level, seen = [top], {top["row_id"]}
    while level and len(seen) <= _MOST:
        yield from level
        below = [row for each in level for row in session.by_columns(account, {_ABOVE: each["row_id"]})]
        level = [row for row in below if row["row_id"] not in seen]
        seen.update(row["row_id"] for row in level)
