"""The private PostgreSQL cluster itself."""

from __future__ import annotations

from sqlalchemy import create_engine, text

from tests.postgres import Postgres


def test_a_fresh_database_is_empty_and_answers(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        tables = connection.execute(text("select count(*) from pg_tables where schemaname = 'public'")).scalar_one()
    engine.dispose()
    assert tables == 0


def test_databases_are_apart_and_gone_afterwards(postgres: Postgres) -> None:
    with postgres.database() as one, postgres.database() as other:
        assert one != other


def test_a_database_url_serves_both_kinds(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert connection.execute(text("select 1")).scalar_one() == 1
    engine.dispose()
