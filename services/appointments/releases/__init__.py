"""抢号放号: places that many want at once, who is in line for them, and who may book by it."""

from services.appointments.releases import events
from services.appointments.releases.workflow import ENTRIES, RELEASES
from shared.web.room import Room

room = Room(
    publishes=[
        events.ReleaseAnnounced,
        events.ReleaseClosed,
        events.ReleaseDrawn,
        events.ReleaseAdvanced,
        events.ReleaseEnded,
        events.ReleaseWithdrawn,
        events.ReleaseEntryJoined,
        events.ReleaseEntryAdmitted,
        events.ReleaseEntryBooked,
        events.ReleaseEntryLapsed,
        events.ReleaseEntryLeft,
        events.ReleaseEntryDropped,
    ],
    workflows=[RELEASES, ENTRIES],
)
