"""Stories of orders (port ``Stories``)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from gateway.messaging.ports import StoryStep
from gateway.store.tables import story


class StoryStore:
    """Stories within one unit of work; steps are only ever added."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, intake: int, steps: Sequence[StoryStep]) -> None:
        """Append in one batch."""
        if steps:
            rows = [
                {
                    "intake": intake,
                    "attempt": step.attempt,
                    "at": step.at,
                    "step": step.step,
                    "text": step.text,
                    "detail": step.detail,
                }
                for step in steps
            ]
            self._connection.execute(insert(story), rows)

    def of(self, intake: int) -> list[StoryStep]:
        """Return all steps, oldest first."""
        wanted = select(story).where(story.c.intake == intake).order_by(story.c.id)
        return [
            StoryStep(row.at, row.step, row.text, bytes(row.detail), row.attempt)
            for row in self._connection.execute(wanted)
        ]
