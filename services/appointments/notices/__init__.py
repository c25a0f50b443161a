"""What the gateway lets people know of appointments and tickets: when, and for whom."""

from datetime import timedelta

from services.appointments.notices.events import NoticeDue
from services.appointments.notices.handlers import subscriptions
from services.appointments.notices.service import FORGOTTEN, hand_over, remind
from shared.jobs import Job
from shared.web import handover
from shared.web.room import Room

room = Room(
    routers=[handover.router(hand_over)],
    publishes=[NoticeDue],
    subscriptions=subscriptions,
    jobs=[Job("remind-appointments", timedelta(minutes=1), remind), FORGOTTEN.job()],
)
