"""Who an account belongs to: checked once, sealed here, and known elsewhere by digests alone."""

from services.gateway.identities import routes
from services.gateway.identities.events import AccountIdentified
from services.gateway.identities.indexing import index_numbers
from shared.web.room import Room

room = Room(
    routers=[routes.router, routes.lists],
    publishes=[AccountIdentified],
    jobs=[index_numbers],
)
