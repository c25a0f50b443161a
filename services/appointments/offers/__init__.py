"""候补名额: places that were given back, offered to who waits, one after the other."""

from datetime import timedelta

from services.appointments.offers import offering, settling
from services.appointments.offers.routes import router
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router],
    jobs=[
        Job("settle-offers", timedelta(seconds=2), settling.settle, batch=settling.AT_ONCE),
        Job("offer-places", timedelta(seconds=2), offering.offer_next, batch=1),
        Job("end-waits", timedelta(minutes=5), settling.end_waits, batch=settling.AT_ONCE),
    ],
)
