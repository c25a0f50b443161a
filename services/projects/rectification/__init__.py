"""整改: a unit is ordered to put a finding right, replies, and is believed once it was seen."""

from datetime import timedelta

from services.projects.rectification import events
from services.projects.rectification.handlers import subscriptions
from services.projects.rectification.policy_routes import policy
from services.projects.rectification.routes import auditor, department
from services.projects.rectification.settling import BATCH, escalate, look_again, settle
from services.projects.rectification.workflow import WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[department, auditor, policy],
    publishes=[
        events.RectificationOrdered,
        events.RectificationAnswered,
        events.RectificationClosed,
        events.RectificationReopened,
        events.RectificationEscalated,
    ],
    subscriptions=subscriptions,
    jobs=[
        Job("settle-rectifications", timedelta(seconds=15), settle, batch=BATCH),
        Job("recheck-rectifications", timedelta(minutes=1), look_again, batch=BATCH),
        Job("raise-rectifications", timedelta(minutes=5), escalate, batch=BATCH),
    ],
    workflows=[WORKFLOW],
)
