"""A hall in figures: visits, waits, service times."""

from datetime import timedelta

from services.appointments.statistics import counting
from services.appointments.statistics.routes import router
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router],
    jobs=[
        Job("count-halls", timedelta(seconds=10), counting.count, batch=counting.STEP),
        Job("prove-hall-tallies", timedelta(minutes=10), counting.prove),
    ],
)
