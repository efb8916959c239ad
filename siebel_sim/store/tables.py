"""The tables of the simulator: one for each business component, with a twin for snapshots, and Siebel's own few.

A business component's table has a text column a field, and indexes for what is looked up: row id, parent, user keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from sqlalchemy import BigInteger, Column, Float, Index, MetaData, String, Table, Text

from siebel_sim.components import PARENT, ROW_ID, BusinessComponent

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts and compares by code point, as SQLite's does."""

SEQUENCE = "seq"
"""The number behind a row id: records come in the order in which they were made."""

own = MetaData()
counters = Table(
    "siebel_counters", own, Column("name", String(32), primary_key=True), Column("next", BigInteger, nullable=False)
)
"""Never reset nor restored: a row id given once is never given again."""

snapshots = Table("siebel_snapshots", own, Column("name", String(64), primary_key=True))
sessions = Table(
    "siebel_sessions",
    own,
    Column("token", String(100), primary_key=True),
    Column("caller", Text, nullable=False),
    Column("how", String(20), nullable=False),
    Column("began_at", Float, nullable=False),
    Column("used_at", Float, nullable=False, index=True),
    Column("followed", Float),
)


class Tables:
    """The tables of the business components, by name, each with its twin."""

    def __init__(self, business: Iterable[BusinessComponent]) -> None:
        metadata = MetaData()
        self.by_name: Mapping[str, Table] = {each.table: _table(each, metadata) for each in business}
        self.twins: Mapping[str, Table] = {name: _twin(table, metadata) for name, table in self.by_name.items()}

    def __getitem__(self, business: BusinessComponent) -> Table:
        """Return the table of a business component."""
        return self.by_name[business.table]

    def __iter__(self) -> Iterator[Table]:
        """Every table, and every twin."""
        yield from (*self.by_name.values(), *self.twins.values())


def _table(business: BusinessComponent, metadata: MetaData) -> Table:
    return Table(
        business.table,
        metadata,
        Column(SEQUENCE, BigInteger, primary_key=True, autoincrement=False),
        Column(ROW_ID, TEXT, nullable=False, unique=True),
        Column(PARENT, TEXT),
        Column("created", TEXT, nullable=False),
        Column("updated", TEXT, nullable=False),
        Column("mod_id", BigInteger, nullable=False),
        Column("conflict_id", TEXT, nullable=False),
        *(Column(column, TEXT) for column in business.fields),
        Index(f"ix_{business.table}_parent", PARENT, SEQUENCE),
        *(Index(_index_name(business.table, key), *key) for key in sorted(business.keys)),
    )


def _index_name(table: str, key: tuple[str, ...]) -> str:
    """Name an index: short, and the same for the same columns in any process."""
    return f"ix_{sha256(' '.join((table, *key)).encode()).hexdigest()[:24]}"


def _twin(table: Table, metadata: MetaData) -> Table:
    """Make the table that holds the snapshots of ``table``."""
    return Table(
        f"snap_{table.name}",
        metadata,
        Column("snapshot", String(64), primary_key=True),
        *(Column(each.name, each.type, primary_key=each.primary_key, autoincrement=False) for each in table.columns),
    )
