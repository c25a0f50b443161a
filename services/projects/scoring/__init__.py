"""评分: the two schemes as versioned data, what units would score by others, published scores."""

from services.projects.scoring.routes import everyone, router
from shared.web.room import Room

room = Room(routers=[router, everyone])
