"""候号室: joining the line for a release, the draw, and being admitted at the pace of bookings."""

from datetime import timedelta

from services.appointments.waiting_room import advancing, drawing
from services.appointments.waiting_room.routes import entries_router, router
from shared.jobs import LongJob
from shared.web.room import Room

room = Room(
    routers=[router, entries_router],
    jobs=[
        LongJob("close-joining", timedelta(seconds=1), drawing.close_joining),
        LongJob("draw-releases", timedelta(seconds=1), drawing.draw),
        LongJob("advance-releases", timedelta(seconds=3), advancing.advance),
        LongJob("drop-entries", timedelta(seconds=10), advancing.drop),
    ],
)
