"""反映未公开: what citizens report as missing is checked once, and answered to all who reported it.

The duty says by itself how it stands. Where there is none, or nobody can say, a person answers. An
answer that has outlived what it rested on is taken back, and found or given anew.
"""

from datetime import timedelta

from services.projects.reported_missing.events import DisclosureCheckAnswered
from services.projects.reported_missing.handlers import subscriptions
from services.projects.reported_missing.queries import MOST_CHECKS
from services.projects.reported_missing.routes import router
from services.projects.reported_missing.service import end_outlived
from services.projects.reported_missing.workflow import WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router],
    publishes=[DisclosureCheckAnswered],
    subscriptions=subscriptions,
    jobs=[Job("end-outlived-answers", timedelta(minutes=10), end_outlived, batch=MOST_CHECKS)],
    workflows=[WORKFLOW],
)
