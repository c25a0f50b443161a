"""A hall in figures: visits, waits, service times, and the use of its places and windows."""

from datetime import timedelta

from services.appointments.statistics import counting
from services.appointments.statistics.routes import router
from services.appointments.statistics.rows import routes as rows
from services.appointments.statistics.use import counting as use_counting
from services.appointments.statistics.use import routes as use
from shared.jobs import Job
from shared.web.room import Room

_SOON, _NOW_AND_THEN = timedelta(seconds=10), timedelta(minutes=10)
room = Room(
    routers=[router, use.router, rows.router, rows.of_halls],
    jobs=[
        Job("count-halls", _SOON, counting.count, batch=counting.STEP),
        Job("count-use", _SOON, use_counting.count, batch=counting.STEP),
        Job("prove-hall-tallies", _NOW_AND_THEN, counting.prove, batch=counting.STEP),
        Job("prove-use-tallies", _NOW_AND_THEN, use_counting.prove, batch=counting.STEP),
    ],
)
