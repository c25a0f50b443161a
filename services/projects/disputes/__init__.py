"""异议: a unit disputes a finding, somebody else decides; until then the finding stands."""

from services.projects.disputes.handlers import subscriptions
from services.projects.disputes.routes import auditor, department
from services.projects.disputes.workflow import WORKFLOW
from shared.web.room import Room

room = Room(
    routers=[department, auditor],
    subscriptions=subscriptions,
    workflows=[WORKFLOW],
)
