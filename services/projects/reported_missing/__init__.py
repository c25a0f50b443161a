"""反映未公开: what citizens report as missing is checked once, and answered to all who reported it.

The duty says by itself how it stands. Where there is none, or nobody can say, a person answers.
"""

from services.projects.reported_missing.events import DisclosureCheckAnswered
from services.projects.reported_missing.handlers import subscriptions
from services.projects.reported_missing.routes import router
from services.projects.reported_missing.workflow import WORKFLOW
from shared.web.room import Room

room = Room(
    routers=[router],
    publishes=[DisclosureCheckAnswered],
    subscriptions=subscriptions,
    workflows=[WORKFLOW],
)
