"""The redacted public copy of a letter, and the search over it."""

from services.feedback.publication.events import LetterPublished, LetterUnpublished
from services.feedback.publication.routes import public_router, router
from services.feedback.publication.sender_routes import router as sender_router
from services.feedback.publication.workflow import WORKFLOW
from shared.web.room import Room

room = Room(
    routers=[router, public_router, sender_router],
    publishes=[LetterPublished, LetterUnpublished],
    workflows=[WORKFLOW],
)
