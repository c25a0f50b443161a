"""Machines of a hall: enrolled by a one-time code, and how each of them is."""

from services.appointments.devices.routes import router
from services.appointments.devices.workflow import WORKFLOW
from shared.web.room import Room

room = Room(routers=[router], workflows=[WORKFLOW])
