"""豁免等两人裁定: what the law withholds, and a ruling on a clock that has run out, is asked for by
one person and made by another."""

from services.projects.exemptions.routes import router
from services.projects.exemptions.workflow import WORKFLOW
from shared.web.room import Room

room = Room(routers=[router], workflows=[WORKFLOW])
