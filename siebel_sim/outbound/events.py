"""Run-time events: inside the transaction that changes records, the policies that fire put messages into the outbox.

A message is the record as it is when it is committed, with all that is below it. Several changes of one record in one
transaction are one message; what fails here fails the change. Seeds that are loaded in bulk fire nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from siebel_sim.adapter import METHODS, Arguments
from siebel_sim.outbound.policies import Policies, Policy, PolicyError
from siebel_sim.outbound.watch import Watch, watch
from siebel_sim.outbound.workflows import Workflow, name_of
from siebel_sim.repository import Object, Repository
from siebel_sim.store import Change, Session, Store
from simkit.store.outbox import Message


@dataclass(frozen=True, slots=True)
class _Ready:
    """The policies over one repository: those that can fire, and why the others cannot."""

    repository: Repository
    watches: Mapping[str, Watch]
    idle: Mapping[str, str] = field(default_factory=dict)


class Events:
    """Fires ``policies``; ``repository`` gives what is served now, for contracts may be dropped in at any time.

    Raises PolicyError when one of ``strict`` cannot be: it watches or asks for what there is not. Any other such
    policy is idle, and ``shown`` says why.
    """

    def __init__(
        self,
        policies: Policies,
        workflows: Mapping[str, Workflow],
        repository: Callable[[], Repository],
        store: Store,
        strict: frozenset[str] = frozenset(),
    ) -> None:
        self._policies = policies
        self._workflows = workflows
        self._repository = repository
        self._store = store
        with store.reading(datetime.now(UTC)) as session:
            self._ready = self._made_ready(session)
        for name in strict & self._ready.idle.keys():
            raise PolicyError(self._ready.idle[name])

    def __call__(self, session: Session, changes: Sequence[Change]) -> None:
        """Put a message into the outbox for each root record that a policy fires for."""
        off = self._store.switches.off(session.connection)
        told: set[tuple[str, str]] = set()
        messages: list[Message] = []
        for name, each in self._current(session).watches.items():
            if name not in off:
                messages += _messages(each, session, changes, told)
        if messages:
            self._store.outbox.put(session.connection, messages, datetime.now(UTC).timestamp())

    def shown(self) -> list[dict[str, Any]]:
        """Give every policy, whether it is on, and why it cannot fire, if it cannot."""
        off = self._store.switches.off()
        with self._store.reading(datetime.now(UTC)) as session:
            idle = self._current(session).idle
        return [
            {"name": name, **each.model_dump(mode="json", exclude={"name"}), "is_on": name not in off}
            | ({"idle": idle[name]} if name in idle else {})
            for name, each in self._policies.items()
        ]

    def switch(self, name: str, *, on: bool) -> None:
        """Switch a policy on or off, in every process; KeyError when there is none of that name."""
        if name not in self._policies:
            raise KeyError(name)
        self._store.switches.switch(name, on=on)

    def _current(self, session: Session) -> _Ready:
        if self._repository() is not self._ready.repository:
            self._ready = self._made_ready(session)
        return self._ready

    def _made_ready(self, session: Session) -> _Ready:
        known = self._repository()
        watches: dict[str, Watch] = {}
        idle: dict[str, str] = {}
        for name, policy in self._policies.items():
            try:
                watches[name] = _watch(policy, self._workflows, known, session)
            except PolicyError as error:
                idle[name] = str(error)
        return _Ready(known, watches, idle)


def _watch(policy: Policy, workflows: Mapping[str, Workflow], known: Repository, session: Session) -> Watch:
    workflow = workflows.get(name_of(policy.workflow))
    if workflow is None:
        raise PolicyError(f"{policy.called}: no contract has the operation {name_of(policy.workflow)}")
    about = next((each for each in _objects(known) if each.name == workflow.about), None)
    if about is None:
        raise PolicyError(f"{policy.called}: the integration object {workflow.about} is not served")
    return watch(policy, workflow, about, session)


def _objects(known: Repository) -> Iterator[Object]:
    for objects in known.objects.values():
        yield from objects.values()


def _messages(
    each: Watch, session: Session, changes: Sequence[Change], told: set[tuple[str, str]]
) -> Iterator[Message]:
    """Write what a policy tells; a record that another policy tells by the same workflow is not told twice."""
    operation = each.workflow.operation.name
    for row_id in each.fired(session, changes):
        if (operation, row_id) in told:
            continue
        asked = {"PrimaryRowId": row_id, "SearchSpec": each.policy.condition}
        records = METHODS["Query"].run(session, Arguments(each.about.root, None, asked)).records
        if records:
            told.add((operation, row_id))
            (message_id,) = session.row_ids(1)
            payload = each.workflow.message(list(records), each.about, message_id)
            yield Message(message_id, f"{each.about.name} {row_id}", operation, payload)
