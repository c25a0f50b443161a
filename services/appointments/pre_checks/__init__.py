"""预审: materials looked at before the visit, and all that is missing said at once."""

from services.appointments.pre_checks import events
from services.appointments.pre_checks.routes import router
from services.appointments.pre_checks.workflow import WORKFLOW
from shared.web.room import Room

room = Room(
    routers=[router],
    publishes=[events.PreCheckSubmitted, events.PreCheckAnswered, events.PreCheckWithdrawn],
    workflows=[WORKFLOW],
)
