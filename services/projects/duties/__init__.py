"""What a unit owes: an item to be online by a day, and how that stands."""

from services.projects.duties.events import DutyCreated
from services.projects.duties.handlers import subscriptions
from services.projects.duties.routes import auditor, everyone, router
from services.projects.duties.workflow import WORKFLOW
from shared.web.room import Room

room = Room(
    routers=[everyone, router, auditor],
    publishes=[DutyCreated],
    subscriptions=subscriptions,
    workflows=[WORKFLOW],
)
