"""叫号: the next person for a window, chosen and called by one statement."""

from services.appointments.calling.routes import router
from shared.web.room import Room

room = Room(routers=[router])
