"""What people are let know, of all services: delivered in one place, each message once."""

from services.gateway.notices import routes
from services.gateway.notices.handlers import subscriptions
from services.gateway.notices.service import FORGOTTEN
from services.gateway.notices.workflow import WORKFLOW
from shared.web.room import Room

room = Room(
    routers=[routes.router],
    subscriptions=subscriptions,
    jobs=[FORGOTTEN.job()],
    workflows=[WORKFLOW],
)
