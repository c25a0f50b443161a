"""How letters are handled, in figures whose denominators are fixed."""

from datetime import timedelta

from services.feedback.statistics import service
from services.feedback.statistics.routes import router
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router],
    jobs=[
        Job("count-letters", timedelta(seconds=10), service.count, batch=service.BATCH),
        Job("prove-letter-tallies", timedelta(minutes=10), service.prove),
    ],
)
