"""What a unit owes: an item to be online by a day, and how that stands."""

from datetime import timedelta

from services.projects.duties.events import DutyCreated
from services.projects.duties.following.service import follow
from services.projects.duties.handlers import subscriptions
from services.projects.duties.routes import auditor, everyone, router
from services.projects.duties.workflow import WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[everyone, router, auditor],
    publishes=[DutyCreated],
    subscriptions=subscriptions,
    jobs=[Job("follow-publications", timedelta(minutes=1), follow)],
    workflows=[WORKFLOW],
)
