"""区划: areas, agencies and halls, and under which area each of them stood on which day."""

from services.appointments.areas.routes import agencies, areas, halls
from shared.web.room import Room

room = Room(routers=[areas, agencies, halls])
