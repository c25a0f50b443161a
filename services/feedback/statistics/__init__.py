"""How letters are handled, in figures whose denominators are fixed."""

from services.feedback.statistics.routes import router
from shared.web.room import Room

room = Room(routers=[router])
