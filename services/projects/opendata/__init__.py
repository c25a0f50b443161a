"""开放数据: what is public about projects, for programs: OC4IDS, feeds of what is new, tables;
and for people the public page of a project (全过程公开).
"""

from services.projects.opendata.routes import pages, router
from shared.web.room import Room

room = Room(routers=[router, pages])
