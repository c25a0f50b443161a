"""The official calendar: years of working days, learnt from notices, with editions."""

from services.projects.calendar.events import CalendarChanged
from services.projects.calendar.routes import admin, router
from shared.web.room import Room

room = Room(routers=[router, admin], publishes=[CalendarChanged])
