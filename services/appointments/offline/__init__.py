"""断网取号: numbers that a kiosk gives out without network, and how they join the queue."""

from services.appointments.offline.routes import router
from shared.web.room import Room

room = Room(routers=[router])
