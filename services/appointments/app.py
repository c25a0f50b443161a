"""`python -m shared.serve services.appointments.app:create_app`: halls, appointments, queues."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, FastAPI

from services.appointments.booking import events as booking_events
from services.appointments.booking import service as booking
from services.appointments.booking.routes import router as booking_router
from services.appointments.calling.routes import router as calling_router
from services.appointments.clearing import service as clearing
from services.appointments.directory.events import HallChanged
from services.appointments.directory.routes import router as directory_router
from services.appointments.display import events as display_events
from services.appointments.display import service as display
from services.appointments.display.routes import router as display_router
from services.appointments.guides.routes import router as guides_router
from services.appointments.issuing.routes import router as issuing_router
from services.appointments.policies.routes import router as policies_router
from services.appointments.priority.routes import router as priority_router
from services.appointments.queueing import events as queueing_events
from services.appointments.queueing import expiry
from services.appointments.queueing.routes import router as queueing_router
from services.appointments.schedules import handlers as schedules_handlers
from services.appointments.schedules import service as schedules
from services.appointments.schedules.routes import router as schedules_router
from services.appointments.settings import AppointmentsSettings
from services.appointments.slots import events as slots_events
from services.appointments.slots import service as slots
from services.appointments.slots.routes import router as slots_router
from services.appointments.statistics.routes import router as statistics_router
from services.appointments.tables import Table
from services.appointments.windows.routes import router as windows_router
from shared import app
from shared.app import Job
from shared.bus import Subscription
from shared.errors import Text
from shared.events import Event

TITLE = Text("大厅、预约与叫号", "Halls, appointments and queues")

# Routes are tried in this order, so the busiest come first.
ROUTERS: list[APIRouter] = [
    booking_router,
    slots_router,
    directory_router,
    guides_router,
    schedules_router,
    policies_router,
    issuing_router,
    display_router,
    queueing_router,
    windows_router,
    calling_router,
    priority_router,
    statistics_router,
]

SUBSCRIPTIONS: list[Subscription[Any]] = [*schedules_handlers.subscriptions]

PUBLISHES: list[type[Event]] = [
    HallChanged,
    slots_events.SlotsOpened,
    slots_events.SlotsWithdrawn,
    slots_events.SlotFull,
    slots_events.SlotFreed,
    booking_events.AppointmentHeld,
    booking_events.AppointmentConfirmed,
    booking_events.AppointmentCancelled,
    booking_events.AppointmentRescheduled,
    booking_events.AppointmentOrphaned,
    booking_events.AppointmentExpired,
    booking_events.AppointmentCheckedIn,
    booking_events.AppointmentServed,
    booking_events.AppointmentMissed,
    booking_events.AppointmentLapsed,
    *queueing_events.PUBLISHED,
    *display_events.PUBLISHED,
]

JOBS: list[Job] = [
    Job("expire-holds", timedelta(seconds=5), booking.expire_holds),
    Job("miss-absent", timedelta(minutes=1), booking.miss_absent),
    Job("open-slots", timedelta(seconds=10), slots.open_due),
    Job("close-slots", timedelta(seconds=10), slots.close_due),
    Job("announce-fullness", timedelta(seconds=2), slots.announce_fullness),
    Job("extend-schedules", timedelta(hours=1), schedules.extend),
    Job("prove-slot-counts", timedelta(hours=24), booking.prove_counts),
    Job("measure-loads", timedelta(seconds=1), display.measure_loads),
    Job("close-missed", timedelta(seconds=10), expiry.close_missed),
    Job("clear-left-tickets", timedelta(seconds=30), clearing.clear_tickets),
    Job("close-left-windows", timedelta(minutes=1), clearing.close_windows),
    Job("lapse-appointments", timedelta(minutes=1), clearing.lapse_appointments),
]


def create_app(settings: AppointmentsSettings | None = None) -> FastAPI:
    """The service's application."""
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
