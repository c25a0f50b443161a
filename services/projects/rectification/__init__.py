"""整改: a unit is ordered to put a finding right, replies, and is believed once it was seen."""

from datetime import timedelta

from services.projects.rectification import events, settling
from services.projects.rectification.handlers import subscriptions
from services.projects.rectification.policy_routes import policy
from services.projects.rectification.routes import auditor, department
from services.projects.rectification.workflow import WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[department, auditor, policy],
    publishes=[
        events.RectificationOrdered,
        events.RectificationAnswered,
        events.RectificationClosed,
        events.RectificationEscalated,
    ],
    subscriptions=subscriptions,
    jobs=[
        Job("settle-rectifications", timedelta(seconds=15), settling.settle, batch=settling.BATCH),
        Job("raise-rectifications", timedelta(minutes=5), settling.escalate, batch=settling.BATCH),
    ],
    workflows=[WORKFLOW],
)
