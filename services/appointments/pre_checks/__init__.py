"""预审: materials looked at before the visit, and all that is missing said at once."""

from datetime import timedelta

from services.appointments.pre_checks import events, service
from services.appointments.pre_checks.routes import router
from services.appointments.pre_checks.workflow import WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router],
    publishes=[events.PreCheckSubmitted, events.PreCheckAnswered, events.PreCheckWithdrawn],
    jobs=[Job("forget-pre-check-files", timedelta(hours=6), service.forget_files)],
    workflows=[WORKFLOW],
)
