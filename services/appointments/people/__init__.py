"""Who is one person: by account, ID number or phone, as digests."""

from services.appointments.people.handlers import subscriptions
from shared.web.room import Room

room = Room(subscriptions=subscriptions)
