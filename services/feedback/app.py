"""`python -m shared.web.serve services.feedback.app:create_app`: letters, ratings, deadlines."""

from fastapi import FastAPI

from services.feedback import (
    calendar,
    casework,
    deadlines,
    departments,
    examples,
    letters,
    missing_disclosures,
    notices,
    publication,
    quarantine,
    rating_counts,
    ratings,
    reminders,
    statistics,
    supervision,
)
from services.feedback.settings import FeedbackSettings
from shared.errors import Text
from shared.web import app
from shared.web.blueprint import Blueprint

TITLE = Text("来信、评价与时限", "Letters, ratings and deadlines")

ROOMS = (
    departments.room,
    quarantine.room,
    letters.room,
    missing_disclosures.room,
    casework.room,
    publication.room,
    statistics.room,
    deadlines.room,
    rating_counts.room,
    ratings.room,
    supervision.room,
    reminders.room,
    calendar.room,
    notices.room,
)
blueprint = Blueprint("feedback", TITLE, ROOMS)


def create_app(settings: FeedbackSettings | None = None) -> FastAPI:
    """The service's application."""
    return app.build(settings or FeedbackSettings(), blueprint, live=examples.live)
