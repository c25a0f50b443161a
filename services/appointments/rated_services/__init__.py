"""评价计数: ratings of whom somebody served, counted by quarter; none is shown by itself."""

from datetime import timedelta

from services.appointments.rated_services import queries, service
from services.appointments.rated_services.handlers import subscriptions
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    subscriptions=subscriptions,
    jobs=[Job("count-rated-services", timedelta(hours=1), service.count, queries.BATCH)],
)
