"""并入: a unit becomes part of another, which takes over what is not published yet."""

from services.projects.mergers.events import DutyTakenOver
from services.projects.mergers.routes import router
from shared.web.room import Room

room = Room(routers=[router], publishes=[DutyTakenOver])
