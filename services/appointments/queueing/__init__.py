"""号票: what happens to a ticket between the kiosk and the end of the visit."""

from datetime import timedelta

from services.appointments.queueing import events, expiry
from services.appointments.queueing.routes import router
from services.appointments.queueing.workflow import WINDOWS, WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router],
    publishes=[*events.TICKET_EVENTS.values(), events.WindowChanged, events.CaseFinished],
    jobs=[Job("close-missed", timedelta(seconds=10), expiry.close_missed)],
    workflows=[WORKFLOW, WINDOWS],
)
