"""Whom a notice about a letter is for, as the gateway asks when it goes out."""

from services.feedback.notices import routes
from shared.web.room import Room

room = Room(routers=[routes.router])
