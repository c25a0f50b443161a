"""What happens to clocks as time passes: reminders before the end, a breach after it."""

from datetime import timedelta

from services.feedback.reminders.events import DeadlineBreached, DeadlineDueSoon
from services.feedback.reminders.service import watch
from shared.jobs import LongJob
from shared.web.room import Room

room = Room(
    publishes=[DeadlineDueSoon, DeadlineBreached],
    jobs=[LongJob("watch-deadlines", timedelta(minutes=1), watch)],
)
