"""公开目录: what must be published about a project, by which law, within what time."""

from services.projects.catalogue.routes import admin, router
from shared.web.room import Room

room = Room(routers=[router, admin])
