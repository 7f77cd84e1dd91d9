"""The schema that the migrations make is the one that the tables say, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from engine import tables
from engine.unit_of_work import glance
from tests.integration.conftest import Desk


def test_the_migrations_make_the_tables_as_they_are_written(desk: Desk) -> None:
    """What to do: write what changed in engine/tables.py into a migration."""
    with glance(desk.env.database) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
