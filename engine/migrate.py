"""Brings a database to the newest schema with Alembic, whose scripts stand in ``engine/migrations``."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from engine.unit_of_work import Connection, Engine, UnitOfWork, glance

SCRIPTS = Path(__file__).parent / "migrations"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> None:
    """Apply what is missing, in one transaction, unless the schema is the newest already."""
    with glance(engine) as connection:
        if MigrationContext.configure(connection).get_current_revision() == newest():
            return
    with UnitOfWork(engine, writing=True) as uow:
        uow.connection.begin()  # where the library knows of no transaction, Alembic commits by itself
        command.upgrade(_config(uow.connection), "head")
        uow.commit()


def start_over(engine: Engine) -> None:
    """Drop every table and what is in it and make them anew, in one transaction."""
    with UnitOfWork(engine, writing=True) as uow:
        uow.connection.begin()
        command.downgrade(_config(uow.connection), "base")
        command.upgrade(_config(uow.connection), "head")
        uow.commit()


def newest() -> str | None:
    """Return the newest revision that the scripts know."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return ScriptDirectory.from_config(config).get_current_head()
