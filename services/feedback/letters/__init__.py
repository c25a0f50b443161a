"""Letters as they come in: numbered, sealed, found again by their query code."""

from datetime import timedelta

from services.feedback.letters import service
from services.feedback.letters.routes import router
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router],
    jobs=[Job("forget-code-attempts", timedelta(hours=1), service.forget_attempts)],
)
