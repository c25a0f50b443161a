"""What guards the door against guessing: attempts in a row by name, sign-ins by network."""

from services.gateway.guessing import service
from shared.web.room import Room

room = Room(jobs=[each.job() for each in service.FORGOTTEN])
