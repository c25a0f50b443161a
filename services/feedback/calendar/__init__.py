"""This service's copy of the official calendar, with an edition number that every notice raises."""

from services.feedback.calendar.handlers import subscriptions
from shared.web.room import Room

room = Room(subscriptions=subscriptions)
