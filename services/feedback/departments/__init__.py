"""The departments that answer, and the staff names that may appear in an answer."""

from services.feedback.departments.routes import admin_router, router
from shared.web.room import Room

room = Room(routers=[router, admin_router])
