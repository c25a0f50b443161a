"""What a hall does, as it happens: one stream of events a hall."""

from services.gateway.live.routes import router
from shared.web.room import Room

room = Room(routers=[router])
