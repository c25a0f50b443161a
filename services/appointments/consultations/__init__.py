"""会诊: several departments look at one matter together, and give one answer in time."""

from datetime import timedelta

from services.appointments.consultations import events, watching
from services.appointments.consultations.handlers import subscriptions
from services.appointments.consultations.routes import router, steps_router
from services.appointments.consultations.workflow import WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router, steps_router],
    publishes=[
        events.ConsultationOpened,
        events.ConsultationInvited,
        events.ConsultationConvened,
        events.ConsultationOpined,
        events.ConsultationDueSoon,
        events.ConsultationEscalated,
        events.ConsultationAnswered,
        events.ConsultationWithdrawn,
    ],
    subscriptions=subscriptions,
    jobs=[Job("watch-consultations", timedelta(minutes=1), watching.watch, batch=watching.BATCH)],
    workflows=[WORKFLOW],
)
