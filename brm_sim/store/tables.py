"""The tables of the simulator's database: what each holds, and why it is indexed so.

Every version of an object is a row of ``objects``: ``trans`` 0 is the committed one, any other number a *shadow*,
visible only to the BRM transaction of that number. Committing flips shadows to 0; their ``entries`` hang on the
version and need no touch. ``snapshots`` twins each table, so that a snapshot is a plain copy inside the database.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, MetaData, String, Table, Text

from simkit.store.outbox import outbox_table

COMMITTED = 0
"""The ``trans`` of what is committed."""

SCHEMA_VERSION = 2

metadata = MetaData()

_Key = BigInteger()
_Ordered = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts and compares by code point, as SQLite's does."""

objects = Table(
    "objects",
    metadata,
    Column("version", _Key, primary_key=True, autoincrement=False),
    Column("trans", _Key, nullable=False),
    Column("id", _Key, nullable=False),
    Column("type", _Ordered, nullable=False),
    Column("rev", BigInteger, nullable=False),
    Column("base_rev", BigInteger, doc="revision of the committed version a shadow replaces; null for a new object"),
    Column("deleted", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
    Column("fields", Text, nullable=False),
    Index("objects_by_id", "trans", "id", unique=True),
    Index("objects_by_type", "type", "id"),
)

entries = Table(
    "entries",
    metadata,
    Column("path", _Ordered, primary_key=True, doc="field path without element ids: NAMEINFO.LAST_NAME"),
    Column("value", _Ordered, primary_key=True, doc="the value, written so that text order is its order"),
    Column("version", _Key, primary_key=True, autoincrement=False),
    Column("target", _Key, doc="the number of the object that a POID names, for joins back to it"),
    Index("entries_by_version", "version"),
    sqlite_with_rowid=False,
)

transactions = Table(
    "transactions",
    metadata,
    Column("seq", _Key, primary_key=True, autoincrement=False),
    Column("trans_id", _Ordered, nullable=False, unique=True),
    Column("state", String(32), nullable=False),
    Column("read_only", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, doc="real time; counts while the state is open"),
    Index("transactions_by_state", "state", "expires"),
)

locks = Table(
    "locks",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=False),
    Column("trans", _Key, nullable=False),
    Index("locks_by_trans", "trans"),
)

claims = Table(
    "claims",
    metadata,
    Column("kind", _Ordered, primary_key=True),
    Column("value", _Ordered, primary_key=True),
    Column("trans", _Key, nullable=False, doc="COMMITTED, or the prepared transaction that holds it"),
    Index("claims_by_trans", "trans"),
)

reservations = Table(
    "reservations",
    metadata,
    Column("trans", _Key, primary_key=True, autoincrement=False),
    Column("kind", _Ordered, primary_key=True),
    Column("value", _Ordered, primary_key=True),
    Column("taken", Boolean, nullable=False, doc="true: claimed by this transaction; false: given up by it"),
)

notes = Table(
    "notes",
    metadata,
    Column("trans", _Key, primary_key=True, autoincrement=False, doc="the transaction that has not committed yet"),
    Column("id", _Key, primary_key=True, autoincrement=False),
    Column("program", _Ordered, primary_key=True, doc="PROGRAM_NAME of the opcode that made the change"),
    Column("version", _Key, nullable=False, doc="orders the notes of a transaction"),
    Column("account", _Key, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Changes of customers and services that are to be told when their transaction commits."""

outbox = outbox_table(metadata)
"""What is told, or to be told. Never in a snapshot: what was told then was told."""

CONTENT = (objects, entries, transactions, locks, claims, reservations, notes)
"""What a reset empties and a snapshot holds."""

sequences = Table(
    "sequences",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("next", BigInteger, nullable=False),
)
"""Never reset nor restored: a number handed out once must not be handed out again."""

facts = Table("facts", metadata, Column("name", String(200), primary_key=True), Column("value", Text, nullable=False))

snapshots = {
    table: Table(
        f"snapshot_{table.name}",
        metadata,
        Column("snapshot", _Ordered, primary_key=True),
        *(Column(column.name, column.type, primary_key=column.primary_key) for column in table.columns),
    )
    for table in CONTENT
}
