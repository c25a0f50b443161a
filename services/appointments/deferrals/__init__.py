"""容缺受理: taken up although minor papers are missing, against a promise with its last day."""

from datetime import timedelta

from services.appointments.deferrals import events, settling
from services.appointments.deferrals.routes import router
from services.appointments.deferrals.workflow import WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router],
    publishes=[
        events.DeferralPromised,
        events.DeferralReminded,
        events.DeferralSupplied,
        events.DeferralLapsed,
        events.DeferralCancelled,
    ],
    jobs=[
        Job("remind-deferrals", timedelta(minutes=10), settling.remind, settling.BATCH),
        Job("lapse-deferrals", timedelta(minutes=10), settling.lapse, settling.BATCH),
    ],
    workflows=[WORKFLOW],
)
