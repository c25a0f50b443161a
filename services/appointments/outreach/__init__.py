"""出诊与行诊: who cannot come is visited, and the windows go where many need them."""

from datetime import timedelta

from services.appointments.outreach import event_routes, events, watching
from services.appointments.outreach.routes import router, steps_router
from services.appointments.outreach.workflow import GATHERINGS, REGISTRATIONS, VISITS
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[
        event_routes.router,
        event_routes.steps_router,
        event_routes.registrations_router,
        router,
        steps_router,
    ],
    publishes=[
        events.OutreachVisitRequested,
        events.OutreachVisitPlanned,
        events.OutreachVisitDelayed,
        events.OutreachVisitRefused,
        events.OutreachVisitCancelled,
        events.OutreachVisitFinished,
        events.OutreachEventAnnounced,
        events.OutreachEventPlanned,
        events.OutreachEventMoved,
        events.OutreachEventCancelled,
        events.OutreachEventFinished,
        events.OutreachRegistrationMade,
        events.OutreachRegistrationCancelled,
        events.OutreachRegistrationAttended,
    ],
    jobs=[Job("watch-outreach-visits", timedelta(minutes=5), watching.watch)],
    workflows=[VISITS, GATHERINGS, REGISTRATIONS],
)
