"""A hall's booking policy: limits and terms, versioned."""

from services.appointments.policies.routes import router
from shared.web.room import Room

room = Room(routers=[router])
