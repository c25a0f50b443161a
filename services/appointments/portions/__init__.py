"""分批放号、余号回流: places that are released later than the others, and what a pool has left."""

from datetime import timedelta

from services.appointments.portions import queries, service
from shared.jobs import Job
from shared.web.room import Room

_EVERY = timedelta(seconds=10)
room = Room(
    jobs=[
        Job("release-portions", _EVERY, service.release_due, batch=queries.MOST),
        Job("return-quotas", _EVERY, service.cede_due, batch=queries.MOST),
    ]
)
