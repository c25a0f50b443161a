"""候补: who waits for a place that somebody gives back."""

from services.appointments.waitlist import events
from services.appointments.waitlist.workflow import WORKFLOW
from shared.web.room import Room

room = Room(
    publishes=[
        events.WaitlistJoined,
        events.WaitlistOffered,
        events.WaitlistAccepted,
        events.WaitlistDeclined,
        events.WaitlistExpired,
        events.WaitlistRecalled,
        events.WaitlistLeft,
    ],
    workflows=[WORKFLOW],
)
