"""来源健康: which portals can be read and which cannot, and which duties wait for that."""

from services.projects.source_health.routes import router
from shared.web.room import Room

room = Room(routers=[router])
