"""人员办理情况: how long services of one person take beside others' of the same items."""

from services.appointments.assessments.routes import router
from shared.web.room import Room

room = Room(routers=[router])
