"""`python -m shared.database.migrate SERVICE upgrade|check|revision [MESSAGE]`: no alembic.ini.

An upgrade leaves a database alone that a later release has brought further, so that the release
before can come back. Runs as the owner role, on `<SERVICE>_OWNER_DATABASE_URL`, on the server of
`ONEDOOR_DATABASE_URL` with `<SERVICE>_OWNER_PASSWORD`, or else on `<SERVICE>_DATABASE_URL`.
"""

import gc
import os
import sys
from collections.abc import Collection
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from shared.database import addresses, lineage
from shared.database.tables import new_metadata

ROOT = Path(__file__).parent.parent.parent


def config(service: str, url: str | None = None) -> Config:
    """Alembic's configuration for one service: its own versions, tables and database."""
    cfg = Config()
    cfg.set_main_option("script_location", str(ROOT / "shared" / "database" / "alembic"))
    cfg.set_main_option("version_locations", str(ROOT / "services" / service / "migrations"))
    cfg.set_main_option("path_separator", "os")
    cfg.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s")
    # Migrations need no models, only how constraints are named; what compares puts them here.
    cfg.attributes |= {"service": service, "url": url, "metadata": new_metadata()}
    return cfg


class Migrations(NamedTuple):
    """Those of a service that this release has: all of them, and the last."""

    all: Collection[str]
    head: str | None


@cache
def of_release(service: str) -> Migrations:
    """Read once: each of them is a module of its own."""
    script = ScriptDirectory.from_config(config(service))
    return Migrations(frozenset(lineage.revisions(script)), script.get_current_head())


def url_of(service: str) -> str:
    """The owner's database URL from the environment. Exits with a message if there is none."""
    name = service.upper()
    found = addresses.owner_url(service, os.environ) or os.environ.get(f"{name}_DATABASE_URL")
    return found or sys.exit(f"请设置 / please set {name}_OWNER_DATABASE_URL")


def loaded(service: str) -> ModuleType:
    """The module of the application. Of what is loaded nothing goes, and to look for garbage
    meanwhile takes a fifth of the time.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return import_module(f"services.{service}.app")
    finally:
        if collects:
            gc.enable()


def metadata_of(service: str) -> MetaData:
    """The tables of every room of the service."""
    loaded(service)  # which declares them
    metadata: MetaData = import_module(f"services.{service}.tables").Table.metadata
    return metadata


def main(service: str, action: str, message: str = "", *, url: str | None = None) -> None:
    """Run one of Alembic's commands for one service."""
    cfg = config(service, url or url_of(service))
    match action:
        case "upgrade":
            cfg.attributes["upgrades"] = True
            command.upgrade(cfg, "head")
        case "check":
            cfg.attributes["metadata"] = metadata_of(service)
            command.check(cfg)
        case "revision":
            cfg.attributes["metadata"] = metadata_of(service)
            command.revision(cfg, message=message, autogenerate=True)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
