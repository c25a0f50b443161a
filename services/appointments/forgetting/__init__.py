"""遗忘: what was said of people is forgotten once nobody needs it any more."""

from datetime import timedelta

from services.appointments.forgetting import service
from shared.jobs import Job
from shared.web.room import Room

room = Room(jobs=[Job("forget-contacts", timedelta(hours=1), service.forget, service.BATCH)])
