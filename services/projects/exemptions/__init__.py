"""豁免: what the law withholds is asked for by one person, and granted or refused by another."""

from services.projects.exemptions.routes import router
from services.projects.exemptions.workflow import WORKFLOW
from shared.web.room import Room

room = Room(routers=[router], workflows=[WORKFLOW])
