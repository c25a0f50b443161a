"""What a past day left behind is closed truthfully."""

from datetime import timedelta

from services.appointments.clearing import service
from shared.jobs import Job
from shared.web.room import Room

room = Room(
    jobs=[
        Job("clear-left-tickets", timedelta(seconds=30), service.clear_tickets),
        Job("close-left-windows", timedelta(minutes=1), service.close_windows),
        Job("lapse-appointments", timedelta(minutes=1), service.lapse_appointments),
    ]
)
