"""What a service is whatever its settings are: its operations, and what is written of them.

To make it is most of what it takes to make an application. A process that is about to be forked
makes it before (`prepare`), so that those who come of it have it in the memory that they share.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import configure_mappers

from shared.database.migrate import of_release
from shared.errors import Text
from shared.web import documents, forks, problems
from shared.web.application import Application
from shared.web.dependencies import undeclared
from shared.web.documents import Documents
from shared.web.lean_stack import Directory
from shared.web.room import Room

PREFIX = "/api/v1"
VERSION = "0.1.0"


class Unfinished(NamedTuple):
    """An application without settings, and how its operations are found on the lean stack."""

    app: Application
    directory: Directory
    documents: Documents


class Blueprint:
    """A service by its name, its title and its rooms."""

    def __init__(self, name: str, title: Text, rooms: Sequence[Room]) -> None:
        self.name, self._title, self.rooms = name, title, rooms
        self._prepared: Unfinished | None = None
        self._documents: Documents | None = None

    def prepare(self) -> None:
        """Makes now what the next application begins with, and what it would find out by itself:
        how rows are read, which migrations there are, what its documents say.
        """
        if self._prepared is None:
            configure_mappers()
            of_release(self.name)
            self._prepared = self._make()
            self._prepared.documents.openapi(how=forks.apart)

    def take(self) -> Unfinished:
        """What one application begins with: that which was prepared, or a new one.

        Raises RuntimeError for a route without a declared permission.
        """
        prepared, self._prepared = self._prepared, None
        return prepared or self._make()

    def _make(self) -> Unfinished:
        app = Application(title=f"{self._title.zh} | {self._title.en}", version=VERSION)
        problems.install(app)
        for router in (router for room in self.rooms for router in room.routers):
            app.include_router(router, prefix=PREFIX)
        if missing := undeclared(documents.routes_of(app)):
            raise RuntimeError(f"no permission declared: {missing}")
        if self._documents is None:  # of any application of these rooms: they say the same
            self._documents = Documents(app, self.name, self.rooms)
        documents.install(app, self._documents)
        return Unfinished(app, Directory(app), self._documents)
