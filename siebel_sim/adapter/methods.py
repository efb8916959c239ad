"""The methods of the adapter, by their names in Siebel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from siebel_sim.adapter.arguments import Answer, Arguments
from siebel_sim.adapter.querying import find, roots
from siebel_sim.adapter.writing import Operation, Writer, operation_of
from siebel_sim.components import SYSTEM
from siebel_sim.errors import CANNOT, NO_MESSAGE, NO_USER_KEY, NOTHING_TO_DELETE, SiebelError
from siebel_sim.messages import Instance, Record
from siebel_sim.search import ANYTHING
from siebel_sim.store import Session


@dataclass(frozen=True, slots=True)
class Method:
    """A method: its display name, what it does, and whether it may write."""

    name: str
    run: Callable[[Session, Arguments], Answer]
    writes: bool


def query(session: Session, arguments: Arguments) -> Answer:
    """Query: by PrimaryRowId, SearchSpec and example; by none of them, everything."""
    instances = arguments.message or ()
    condition = roots(arguments, instances, by_user_key=arguments.flag("QueryByUserKey"))
    records, _ = find(session, arguments, instances, condition)
    return Answer(records)


def query_page(session: Session, arguments: Arguments) -> Answer:
    """QueryPage: the same, a page at a time; LastPage tells that there are no more."""
    return _paged(session, arguments, arguments.message or ())


def insert(session: Session, arguments: Arguments) -> Answer:
    """Insert: error when there is such a record."""
    return _write(session, arguments, Operation.INSERT if arguments.is_ui else Operation.INSERT_SYNC)


def update(session: Session, arguments: Arguments) -> Answer:
    """Update: error when there is no such record; the UI data adapter's leaves children that it does not name."""
    return _write(session, arguments, Operation.UPDATE if arguments.is_ui else Operation.UPDATE_SYNC)


def init(session: Session, arguments: Arguments) -> Answer:  # noqa: ARG001 - the signature of a method
    """Init: what a new record would begin with; nothing is written."""
    business = arguments.root.business
    row = dict.fromkeys((*SYSTEM, *business.fields)) | {
        column: each.default for column, each in business.fields.items()
    }
    return Answer([Record(arguments.root, row)])


def upsert(session: Session, arguments: Arguments) -> Answer:
    """Insert or Update: children that the message has not stay."""
    return _write(session, arguments, Operation.UPSERT)


def synchronize(session: Session, arguments: Arguments) -> Answer:
    """Synchronize: children that the message has not go."""
    return _write(session, arguments, Operation.SYNC)


def delete(session: Session, arguments: Arguments) -> Answer:
    """Delete: root records by PrimaryRowId, SearchSpec, example or user key, and what is below them.

    That nothing at all is said does not mean everything: it is refused.
    """
    instances = arguments.message or ()
    condition = roots(arguments, instances, by_user_key=arguments.flag("DeleteByUserKey"))
    if condition == ANYTHING:
        raise SiebelError(NO_USER_KEY.said(arguments.root.name))
    records, _ = find(session, arguments, instances, condition)
    if not records and arguments.flag("ErrorOnNonExistingDelete"):
        raise SiebelError(NOTHING_TO_DELETE.said(arguments.root.name))
    if records and "delete" in arguments.root.refuses:
        raise SiebelError(CANNOT.said("DeleteRecord", arguments.root.business.name))
    session.delete(arguments.root.business, [record.row_id for record in records])
    for record in records:
        record.done = "delete"
    return Answer(records, arguments.shape)


def execute(session: Session, arguments: Arguments) -> Answer:
    """Execute: each instance by its own ``operation``; children without one do as their parent does."""
    missing_is_error = arguments.flag("ErrorOnNonExistingDelete")
    writer = Writer(session, heeds_attributes=True, missing_is_error=missing_is_error)
    records: list[Record] = []
    last_page: bool | None = None
    for instance in _message(arguments):
        operation = operation_of(instance.operation, Operation.SYNC)
        if operation in (Operation.QUERY, Operation.QUERY_PAGE):
            alone = replace(arguments, message=(instance,))
            answer = query(session, alone) if operation is Operation.QUERY else query_page(session, alone)
            records += answer.records
            last_page = answer.last_page
        elif (written := writer.write(instance, Operation.SYNC)) is not None:
            records.append(written)
    return Answer(records, arguments.shape, last_page=last_page)


def _paged(session: Session, arguments: Arguments, instances: tuple[Instance, ...]) -> Answer:
    condition = roots(arguments, instances, by_user_key=arguments.flag("QueryByUserKey"))
    records, is_last = find(session, arguments, instances, condition, arguments.page())
    counts = arguments.paged_by.get("recordcountneeded", "").strip().lower() in ("true", "1", "y")
    root = instances[0].component if instances else arguments.root
    return Answer(records, last_page=is_last, total=session.count(root, condition) if counts else None)


def _write(session: Session, arguments: Arguments, operation: Operation) -> Answer:
    writer = Writer(session)
    written = [writer.write(instance, operation) for instance in _message(arguments)]
    return Answer([record for record in written if record is not None], arguments.shape)


def _message(arguments: Arguments) -> tuple[Instance, ...]:
    if not arguments.message:
        raise SiebelError(NO_MESSAGE.said())
    return arguments.message


METHODS: Mapping[str, Method] = {
    "Query": Method("Query", query, writes=False),
    "QueryPage": Method("Query Page", query_page, writes=False),
    "Insert": Method("Insert", insert, writes=True),
    "Update": Method("Update", update, writes=True),
    "Upsert": Method("Insert or Update", upsert, writes=True),
    "Synchronize": Method("Synchronize", synchronize, writes=True),
    "Delete": Method("Delete", delete, writes=True),
    "Execute": Method("Execute", execute, writes=True),
    "Init": Method("Init", init, writes=False),
}
