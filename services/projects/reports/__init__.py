"""Audits and the reports that they freeze: counted, scored, printed, opened, signed, withdrawn."""

from services.projects.reports import files
from services.projects.reports.events import ReportFrozen, ReportWithdrawn, ScorePublished
from services.projects.reports.routes import everyone, router
from shared.web.room import Room

room = Room(
    routers=[router, files.everyone, everyone],
    publishes=[ReportFrozen, ReportWithdrawn, ScorePublished],
)
