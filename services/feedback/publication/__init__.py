"""The redacted public copy of a letter, and the search over it."""

from services.feedback.publication.events import LetterPublished
from services.feedback.publication.routes import public_router, router
from shared.web.room import Room

room = Room(routers=[router, public_router], publishes=[LetterPublished])
