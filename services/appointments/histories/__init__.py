"""号票经过: what happened to a ticket, whom it overtook and who overtook it."""

from services.appointments.histories.routes import router
from shared.web.room import Room

room = Room(routers=[router])
