"""Halls, their windows, opening hours and departments."""

from services.appointments.directory.events import HallChanged
from services.appointments.directory.routes import router
from shared.web.room import Room

room = Room(routers=[router], publishes=[HallChanged])
