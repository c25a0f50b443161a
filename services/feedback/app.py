"""`uvicorn --factory services.feedback.app:create_app`: letters, ratings, deadlines."""

from typing import Any

from fastapi import APIRouter, FastAPI

from services.feedback.settings import FeedbackSettings
from services.feedback.tables import Table
from shared import app
from shared.app import Job
from shared.bus import Subscription
from shared.errors import Text
from shared.events import Event

TITLE = Text("来信、评价与时限", "Letters, ratings and deadlines")

ROUTERS: list[APIRouter] = []
SUBSCRIPTIONS: list[Subscription[Any]] = []
PUBLISHES: list[type[Event]] = []
JOBS: list[Job] = []


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
