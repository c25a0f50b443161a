"""候号室: joining the line for a release, the draw, and being admitted at the pace of bookings."""

from datetime import timedelta

from services.appointments.waiting_room import advancing, drawing
from services.appointments.waiting_room.routes import entries_router, router
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router, entries_router],
    jobs=[
        Job("close-joining", timedelta(seconds=1), drawing.close_joining, batch=1),
        Job("draw-releases", timedelta(seconds=1), drawing.draw, batch=1),
        Job("advance-releases", timedelta(seconds=3), advancing.advance),
        Job("drop-entries", timedelta(seconds=10), advancing.drop, batch=advancing.AT_ONCE),
    ],
)
