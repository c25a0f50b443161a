"""Whom a notice about a letter is for, as the gateway asks when it goes out."""

from services.feedback.notices.service import hand_over
from shared.web import handover
from shared.web.room import Room

room = Room(routers=[handover.router(hand_over)])
