"""好差评: who was served is asked, rates, and a bad rating is put right."""

from datetime import timedelta

from services.feedback.ratings import events, service
from services.feedback.ratings.handlers import subscriptions
from services.feedback.ratings.handling_routes import router as handling_router
from services.feedback.ratings.routes import router
from services.feedback.ratings.workflow import INVITATIONS, WORKFLOW
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    routers=[router, handling_router],
    publishes=[
        events.RatingInvited,
        events.RatingReceived,
        events.RatingExcluded,
        events.RatingRectified,
        events.ReturnVisitRequested,
    ],
    subscriptions=subscriptions,
    jobs=[Job("expire-rating-invitations", timedelta(minutes=1), service.expire)],
    workflows=[WORKFLOW, INVITATIONS],
)
