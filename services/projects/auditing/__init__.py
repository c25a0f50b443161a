"""Every duty judged, counted, scored and reported."""

from datetime import timedelta

from services.projects.auditing.events import DutyDueSoon, DutyJudged, DutyOverdue, ReportFrozen
from services.projects.auditing.routes import everyone, router
from services.projects.auditing.service import prove_tallies, tick
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router, everyone],
    publishes=[DutyJudged, DutyDueSoon, DutyOverdue, ReportFrozen],
    jobs=[
        Job("audit-tick", timedelta(minutes=1), tick),
        Job("prove-tallies", timedelta(hours=1), prove_tallies),
    ],
)
