"""The guard against floods of anonymous letters, and those that wait to be looked at."""

from services.feedback.quarantine.routes import router
from services.feedback.quarantine.staff_routes import router as staff_router
from services.feedback.quarantine.workflow import WORKFLOW
from shared.web.room import Room

room = Room(routers=[router, staff_router], workflows=[WORKFLOW])
