"""一次办好: whether one visit was enough, and what items promise, in figures that say what they
mean."""

from services.appointments.one_visit.routes import router
from shared.web.room import Room

room = Room(routers=[router])
