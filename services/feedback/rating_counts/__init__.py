"""Ratings in numbers, from sums that are kept of each day on which people were asked to rate."""

from datetime import timedelta

from services.feedback.rating_counts import service
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    jobs=[
        Job("count-ratings", timedelta(seconds=10), service.count, batch=service.BATCH),
        Job("prove-rating-tallies", timedelta(minutes=10), service.prove),
    ],
)
