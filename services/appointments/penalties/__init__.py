"""What a no-show costs, and the way back: penalties seen, appealed and lifted."""

from services.appointments.penalties import routes
from services.appointments.penalties.workflow import WORKFLOW
from shared.web.room import Room

room = Room(routers=[routes.penalties, routes.no_shows], workflows=[WORKFLOW])
