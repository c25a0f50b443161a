"""办事指南: what can be done in a hall, and what to bring."""

from services.appointments.guides.routes import router
from shared.web.room import Room

room = Room(routers=[router])
