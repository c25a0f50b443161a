"""领域公开包: what one domain owes, as data; taken over into the catalogue, switched on by unit."""

from datetime import timedelta

from services.projects.packs import edit_routes
from services.projects.packs.periods import make_due
from services.projects.packs.routes import admin, router
from services.projects.packs.workflow import WORKFLOW
from shared.jobs import LongJob
from shared.web.room import Room

room = Room(
    routers=[router, admin, edit_routes.router],
    jobs=[LongJob("period-duties", timedelta(minutes=10), make_due)],
    workflows=[WORKFLOW],
)
