"""可约时间: when a visit fits."""

from services.appointments.availability.routes import router
from shared.web.room import Room

room = Room(routers=[router])
