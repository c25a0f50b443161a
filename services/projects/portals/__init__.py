"""The portals on which units publish, how each is read, and whether it answers."""

from services.projects.portals.events import SourceDown, SourceRecovered
from services.projects.portals.routes import policy, router
from services.projects.portals.workflow import WORKFLOW
from shared.web.room import Room

room = Room(routers=[router, policy], publishes=[SourceDown, SourceRecovered], workflows=[WORKFLOW])
