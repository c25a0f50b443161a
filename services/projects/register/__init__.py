"""Units, regions and the projects that must be accounted for."""

from services.projects.register.routes import auditor, department, router
from shared.web.room import Room

room = Room(routers=[router, department, auditor])
