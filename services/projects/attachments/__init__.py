"""附件: files that pages lead to, or that stand in their place, and what they say."""

from services.projects.attachments.routes import router
from shared.web.room import Room

room = Room(routers=[router])
