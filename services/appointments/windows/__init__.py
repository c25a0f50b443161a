"""窗口: opened, paused and closed by whoever sits there."""

from services.appointments.windows.routes import hall_router, router
from shared.web.room import Room

room = Room(routers=[router, hall_router])
