"""取号: a ticket for whoever comes to the hall."""

from services.appointments.issuing.routes import appointment_router, router
from shared.web.room import Room

room = Room(routers=[router, appointment_router])
