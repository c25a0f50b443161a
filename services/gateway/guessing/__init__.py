"""What guards the door against guessing: attempts in a row by name, sign-ins by network."""

from datetime import timedelta

from services.gateway.guessing import service
from shared.jobs import Job
from shared.web.room import Room

room = Room(jobs=[Job("prune-attempts", timedelta(hours=1), service.prune)])
