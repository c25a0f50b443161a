"""When a hall takes appointments: rules, days that differ, closures, and the working calendar."""

from datetime import timedelta

from services.appointments.schedules import service
from services.appointments.schedules.exception_routes import router as exception_router
from services.appointments.schedules.handlers import subscriptions
from services.appointments.schedules.routes import item_router, router
from shared.jobs import LongJob
from shared.web.room import Room

room = Room(
    routers=[router, exception_router, item_router],
    subscriptions=subscriptions,
    jobs=[LongJob("extend-schedules", timedelta(hours=1), service.extend_halls)],
)
