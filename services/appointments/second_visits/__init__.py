"""哪些事项还要跑第二次: which items still need a second visit, why, and what would end it, as a
report that the hall's manager signs."""

from services.appointments.second_visits.events import ReportSigned, ReportWithdrawn
from services.appointments.second_visits.routes import router
from services.appointments.second_visits.workflow import WORKFLOW
from shared.web.room import Room

room = Room(routers=[router], publishes=[ReportSigned, ReportWithdrawn], workflows=[WORKFLOW])
