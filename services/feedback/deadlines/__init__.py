"""How long each step may take, whether it was kept, and whom to remind."""

from datetime import timedelta

from services.feedback.deadlines.events import DeadlineMoved
from services.feedback.deadlines.recomputing import recompute
from services.feedback.deadlines.routes import router
from services.feedback.deadlines.workflow import CLOCKS
from shared.jobs import LongJob
from shared.web.room import Room

room = Room(
    routers=[router],
    publishes=[DeadlineMoved],
    jobs=[LongJob("recompute-deadlines", timedelta(seconds=5), recompute)],
    workflows=[CLOCKS],
)
