"""Which page publishes which duty: found, scored, and reviewed by people."""

from datetime import timedelta

from services.projects.matching.events import (
    PublicationFound,
    PublicationTakenBack,
    PublicationWithdrawn,
)
from services.projects.matching.routes import router
from services.projects.matching.service import match_waiting, note_seen_again
from services.projects.matching.workflow import WORKFLOW
from shared.jobs import Job, LongJob
from shared.web.room import Room

room = Room(
    routers=[router],
    publishes=[PublicationFound, PublicationTakenBack, PublicationWithdrawn],
    jobs=[
        LongJob("match-pages", timedelta(seconds=2), match_waiting),
        Job("displays-seen-again", timedelta(minutes=1), note_seen_again),
    ],
    workflows=[WORKFLOW],
)
