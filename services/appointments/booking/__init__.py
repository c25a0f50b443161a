"""预约: a place in a slot, held, confirmed, moved, kept or missed."""

from datetime import timedelta

from services.appointments.booking import events, healing, settling
from services.appointments.booking.routes import router
from services.appointments.booking.workflow import WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router],
    publishes=[
        events.AppointmentHeld,
        events.AppointmentConfirmed,
        events.AppointmentCancelled,
        events.AppointmentRescheduled,
        events.AppointmentOrphaned,
        events.AppointmentExpired,
        events.AppointmentCheckedIn,
        events.AppointmentServed,
        events.AppointmentMissed,
        events.AppointmentLapsed,
    ],
    jobs=[
        Job("expire-holds", timedelta(seconds=5), settling.expire_holds),
        Job("heal-left", timedelta(minutes=1), healing.heal_left),
        Job("miss-absent", timedelta(minutes=1), settling.miss_absent),
    ],
    workflows=[WORKFLOW],
)
