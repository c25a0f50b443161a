"""`python -m shared.web.serve services.appointments.app:create_app`: halls, bookings, queues."""

from fastapi import FastAPI

from services.appointments import (
    alarms,
    areas,
    assessments,
    availability,
    booking,
    calling,
    clearing,
    codes,
    consultations,
    deferrals,
    devices,
    directory,
    display,
    examples,
    followups,
    forgetting,
    guides,
    histories,
    issuing,
    notices,
    offers,
    offline,
    one_visit,
    opening_advice,
    outreach,
    penalties,
    people,
    policies,
    portions,
    pre_checks,
    priority,
    proofs,
    queueing,
    rated_services,
    releases,
    schedules,
    second_visits,
    slots,
    statistics,
    waiting_room,
    waitlist,
    windows,
)
from services.appointments.settings import AppointmentsSettings
from shared.errors import Text
from shared.web import app
from shared.web.blueprint import Blueprint

TITLE = Text("大厅、预约与叫号", "Halls, appointments and queues")

# Routes are tried in this order, so the busiest come first.
ROOMS = (
    booking.room,
    offers.room,
    waitlist.room,
    releases.room,
    waiting_room.room,
    penalties.room,
    people.room,
    slots.room,
    availability.room,
    directory.room,
    devices.room,
    guides.room,
    schedules.room,
    portions.room,
    policies.room,
    pre_checks.room,
    issuing.room,
    offline.room,
    display.room,
    queueing.room,
    windows.room,
    calling.room,
    alarms.room,
    opening_advice.room,
    deferrals.room,
    priority.room,
    statistics.room,
    rated_services.room,
    assessments.room,
    one_visit.room,
    second_visits.room,
    areas.room,
    histories.room,
    consultations.room,
    followups.room,
    outreach.room,
    codes.room,
    clearing.room,
    forgetting.room,
    proofs.room,
    notices.room,
)
blueprint = Blueprint("appointments", TITLE, ROOMS)


def create_app(settings: AppointmentsSettings | None = None) -> FastAPI:
    """The service's application."""
    return app.build(settings or AppointmentsSettings(), blueprint, live=examples.live)
