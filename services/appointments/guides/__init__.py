"""办事指南: what can be done in a hall, and what to bring."""

from datetime import timedelta

from services.appointments.guides import service
from services.appointments.guides.routes import findings_router, router
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router, findings_router],
    jobs=[Job("bring-guides-into-force", timedelta(minutes=1), service.bring_into_force)],
)
