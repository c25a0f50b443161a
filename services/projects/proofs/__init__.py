"""The proof of a verdict as one file, which anybody checks without this system."""

from services.projects.proofs.routes import router
from shared.web.room import Room

room = Room(routers=[router])
