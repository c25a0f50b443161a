"""Letters as they come in: numbered, sealed, found again by their query code."""

from services.feedback.letters import service
from services.feedback.letters.routes import router
from shared.web.room import Room

room = Room(routers=[router], jobs=[service.FORGOTTEN.job()])
