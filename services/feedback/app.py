"""`uvicorn --factory services.feedback.app:create_app`: letters, ratings, deadlines."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, FastAPI

from services.feedback.casework import events as casework_events
from services.feedback.casework import service as casework
from services.feedback.casework.routes import router as casework_routes
from services.feedback.casework.sender_routes import router as sender_routes
from services.feedback.departments.routes import router as departments
from services.feedback.letters import service as letters
from services.feedback.letters.routes import router as letters_routes
from services.feedback.settings import FeedbackSettings
from services.feedback.tables import Table
from shared import app
from shared.app import Job
from shared.bus import Subscription
from shared.errors import Text
from shared.events import Event

TITLE = Text("来信、评价与时限", "Letters, ratings and deadlines")

ROUTERS: list[APIRouter] = [
    departments,
    letters_routes,
    casework_routes,
    sender_routes,
]
SUBSCRIPTIONS: list[Subscription[Any]] = []
PUBLISHES: list[type[Event]] = [
    casework_events.LetterRegistered,
    casework_events.LetterDispatched,
    casework_events.LetterReplied,
    casework_events.LetterClosed,
    casework_events.LetterReopened,
    casework_events.LetterMerged,
]
JOBS: list[Job] = [
    Job("close-silent-letters", timedelta(minutes=5), casework.close_silent),
    Job("resume-waiting-letters", timedelta(minutes=5), casework.resume_waiting),
    Job("forget-code-attempts", timedelta(hours=1), letters.forget_attempts),
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
