"""先审后发：a unit's own channel. What goes out is checked and approved by others, registered, and
held against what the collector finds; what other systems push is believed from when we are told."""

from services.projects.publishing import document_routes
from services.projects.publishing.carrying import routes as carrier_routes
from services.projects.publishing.events import PublicationReleased
from services.projects.publishing.routes import pushed, register, steps
from services.projects.publishing.workflow import WORKFLOW
from shared.web.room import Room

room = Room(
    routers=[
        pushed,
        register,
        steps,
        document_routes.router,
        carrier_routes.router,
        carrier_routes.of_duties,
    ],
    publishes=[PublicationReleased],
    workflows=[WORKFLOW],
)
