"""Alembic's entry: always on the connection that ``gateway.store.migrate`` hands over."""

from __future__ import annotations

from alembic import context

import gateway.store.reply_tables  # its tables belong to the same metadata, as do those of the next
import gateway.store.security_tables
import gateway.store.sync_tables  # noqa: F401 - its tables belong to the same metadata
from gateway.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    transactional_ddl=False,  # the caller's transaction holds the whole upgrade
)
context.run_migrations()
