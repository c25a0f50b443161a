"""Who waits less: a hall's priority policy, versioned."""

from services.appointments.priority.routes import router
from shared.web.room import Room

room = Room(routers=[router])
