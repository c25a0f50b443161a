"""开窗建议: which window to open where people would wait too long, and what that saves."""

from datetime import timedelta

from services.appointments.opening_advice import service
from services.appointments.opening_advice.events import OpeningAdvised
from services.appointments.opening_advice.routes import router
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router],
    publishes=[OpeningAdvised],
    jobs=[Job("advise-openings", timedelta(seconds=30), service.advise_halls)],
)
