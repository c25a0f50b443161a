"""紧急求助: the button at a window, answered and ended by people, escalated where nobody does."""

from datetime import timedelta

from services.appointments.alarms import escalating, events
from services.appointments.alarms.routes import hall_router, router, steps_router
from services.appointments.alarms.workflow import WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[hall_router, router, steps_router],
    publishes=[
        events.AlarmRaised,
        events.AlarmAcknowledged,
        events.AlarmEscalated,
        events.AlarmResolved,
    ],
    jobs=[Job("escalate-alarms", timedelta(seconds=5), escalating.escalate, escalating.BATCH)],
    workflows=[WORKFLOW],
)
