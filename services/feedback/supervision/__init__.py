"""督办: written demands on a department to act by a date, which rise a level when ignored."""

from datetime import timedelta

from services.feedback.supervision import escalation, events
from services.feedback.supervision.handlers import subscriptions
from services.feedback.supervision.routes import router
from services.feedback.supervision.workflow import WORKFLOW
from shared.jobs import LongJob
from shared.web.room import Room

room = Room(
    routers=[router],
    publishes=[
        events.SupervisionIssued,
        events.SupervisionEscalated,
        events.SupervisionClosed,
    ],
    subscriptions=subscriptions,
    jobs=[LongJob("escalate-supervision", timedelta(minutes=1), escalation.watch)],
    workflows=[WORKFLOW],
)
