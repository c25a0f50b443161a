"""A hall in figures: visits, waits, service times."""

from services.appointments.statistics.routes import router
from shared.web.room import Room

room = Room(routers=[router])
