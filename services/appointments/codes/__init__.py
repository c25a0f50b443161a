"""二维码: signed codes of appointments and tickets, which can be checked without network."""

from services.appointments.codes.routes import router
from shared.web.room import Room

room = Room(routers=[router])
