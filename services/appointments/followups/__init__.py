"""回诊: who was served is asked again by a sample, and what went ill is put right."""

from datetime import timedelta

from services.appointments.followups import events, queries, service
from services.appointments.followups.handlers import subscriptions
from services.appointments.followups.routes import questionnaires_router, router
from services.appointments.followups.workflow import WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router, questionnaires_router],
    publishes=[
        events.FollowupInvited,
        events.FollowupAnswered,
        events.FollowupCalled,
        events.FollowupDeclined,
        events.FollowupExpired,
    ],
    subscriptions=subscriptions,
    jobs=[Job("expire-followups", timedelta(minutes=5), service.expire, batch=queries.SWEEP)],
    workflows=[WORKFLOW],
)
