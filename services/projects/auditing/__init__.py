"""Every duty judged: by whatever changes, by every day that passes."""

from datetime import timedelta

from services.projects.auditing.events import DutyDueSoon, DutyJudged, DutyOverdue
from services.projects.auditing.service import judge_whole, prove_tallies, tick
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[],
    publishes=[DutyJudged, DutyDueSoon, DutyOverdue],
    jobs=[
        Job("audit-tick", timedelta(minutes=1), tick),
        Job("audit-whole", timedelta(hours=1), judge_whole),
        Job("prove-tallies", timedelta(hours=1), prove_tallies),
    ],
)
