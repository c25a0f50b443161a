"""How a letter is handled, from its registration to its close: one table of moves."""

from datetime import timedelta

from services.feedback.casework import events, missing_clocks, service
from services.feedback.casework.routes import router
from services.feedback.casework.sender_routes import router as sender_router
from services.feedback.casework.workflow import WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router, sender_router],
    publishes=[
        events.LetterRegistered,
        events.LetterDispatched,
        events.LetterReplied,
        events.LetterExtended,
        events.LetterClosed,
        events.LetterReopened,
        events.LetterMerged,
    ],
    jobs=[
        Job("close-silent-letters", timedelta(minutes=5), service.close_silent),
        Job("resume-waiting-letters", timedelta(minutes=5), service.resume_waiting),
        Job("start-missing-clocks", timedelta(minutes=5), missing_clocks.start_missing),
    ],
    workflows=[WORKFLOW],
)
