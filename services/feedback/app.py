"""`python -m shared.serve services.feedback.app:create_app`: letters, ratings, deadlines."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, FastAPI

from services.feedback.calendar.handlers import subscriptions as calendar_subscriptions
from services.feedback.casework import events as casework_events
from services.feedback.casework import service as casework
from services.feedback.casework.routes import router as casework_routes
from services.feedback.casework.sender_routes import router as sender_routes
from services.feedback.deadlines import recomputing
from services.feedback.deadlines.events import DeadlineMoved
from services.feedback.deadlines.routes import router as deadlines
from services.feedback.departments.routes import router as departments
from services.feedback.letters import service as letters
from services.feedback.letters.routes import router as letters_routes
from services.feedback.publication import events as publication_events
from services.feedback.publication.routes import public_router as published_letters
from services.feedback.publication.routes import router as publication
from services.feedback.ratings import events as ratings_events
from services.feedback.ratings import service as ratings_service
from services.feedback.ratings.handlers import subscriptions as ratings_subscriptions
from services.feedback.ratings.handling_routes import router as ratings_handling
from services.feedback.ratings.routes import router as ratings
from services.feedback.reminders import service as reminders
from services.feedback.reminders.events import DeadlineBreached, DeadlineDueSoon
from services.feedback.settings import FeedbackSettings
from services.feedback.statistics.routes import router as statistics
from services.feedback.supervision import escalation
from services.feedback.supervision import events as supervision_events
from services.feedback.supervision.handlers import subscriptions as supervision_subscriptions
from services.feedback.supervision.routes import router as supervision
from services.feedback.tables import Table
from shared import app
from shared.app import Job, LongJob
from shared.bus import Subscription
from shared.errors import Text
from shared.events import Event

TITLE = Text("来信、评价与时限", "Letters, ratings and deadlines")

ROUTERS: list[APIRouter] = [
    departments,
    letters_routes,
    casework_routes,
    sender_routes,
    publication,
    published_letters,
    statistics,
    deadlines,
    ratings,
    ratings_handling,
    supervision,
]
SUBSCRIPTIONS: list[Subscription[Any]] = [
    *ratings_subscriptions,
    *supervision_subscriptions,
    *calendar_subscriptions,
]
PUBLISHES: list[type[Event]] = [
    casework_events.LetterRegistered,
    casework_events.LetterDispatched,
    casework_events.LetterReplied,
    casework_events.LetterClosed,
    casework_events.LetterReopened,
    casework_events.LetterMerged,
    publication_events.LetterPublished,
    ratings_events.RatingInvited,
    ratings_events.RatingReceived,
    ratings_events.RatingRectified,
    ratings_events.ReturnVisitRequested,
    DeadlineDueSoon,
    DeadlineBreached,
    DeadlineMoved,
    supervision_events.SupervisionIssued,
    supervision_events.SupervisionEscalated,
    supervision_events.SupervisionClosed,
]
JOBS: list[Job | LongJob] = [
    Job("close-silent-letters", timedelta(minutes=5), casework.close_silent),
    Job("resume-waiting-letters", timedelta(minutes=5), casework.resume_waiting),
    Job("forget-code-attempts", timedelta(hours=1), letters.forget_attempts),
    Job("expire-rating-invitations", timedelta(minutes=1), ratings_service.expire),
    LongJob("recompute-deadlines", timedelta(seconds=5), recomputing.recompute),
    LongJob("watch-deadlines", timedelta(minutes=1), reminders.watch),
    LongJob("escalate-supervision", timedelta(minutes=1), escalation.watch),
]


def create_app(settings: FeedbackSettings | None = None) -> FastAPI:
    return app.build(
        settings or FeedbackSettings(),
        name="feedback",
        title=TITLE,
        tables=Table.metadata,
        routers=ROUTERS,
        subscriptions=SUBSCRIPTIONS,
        publishes=PUBLISHES,
        jobs=JOBS,
    )
