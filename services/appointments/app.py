"""`uvicorn --factory services.appointments.app:create_app`: halls, appointments, queues."""

from typing import Any

from fastapi import APIRouter, FastAPI

from services.appointments.settings import AppointmentsSettings
from services.appointments.tables import Table
from shared import app
from shared.app import Job
from shared.bus import Subscription
from shared.errors import Text
from shared.events import Event

TITLE = Text("大厅、预约与叫号", "Halls, appointments and queues")

ROUTERS: list[APIRouter] = []
SUBSCRIPTIONS: list[Subscription[Any]] = []
PUBLISHES: list[type[Event]] = []
JOBS: list[Job] = []


def create_app(settings: AppointmentsSettings | None = None) -> FastAPI:
    return app.build(
        settings or AppointmentsSettings(),
        name="appointments",
        title=TITLE,
        tables=Table.metadata,
        routers=ROUTERS,
        subscriptions=SUBSCRIPTIONS,
        publishes=PUBLISHES,
        jobs=JOBS,
    )
