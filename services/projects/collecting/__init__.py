"""采集: the portals walked page by page, and what was seen there."""

from services.projects.collecting.routes import router
from services.projects.collecting.running import collect_portals
from services.projects.collecting.workflow import PAGES, RUNS
from shared.web.room import Room

room = Room(routers=[router], jobs=[collect_portals], workflows=[RUNS, PAGES])
