"""What was captured of a page: stored by its hash, sealed by the day."""

from datetime import timedelta

from services.projects.evidence.routes import router
from services.projects.evidence.service import seal_days
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router],
    jobs=[Job("seal-evidence", timedelta(minutes=10), seal_days)],
)
