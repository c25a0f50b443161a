"""Figures of the whole house that only the gateway can measure."""

from services.gateway.live.feed import Feed
from shared.messaging.bus import Bus
from shared.observability.metrics import Measure, Metrics

DEAD = "DEAD"
REPLAYED = "dead.replayed.>"
"""`make dead ARGS="replay 3"` leaves a note `dead.replayed.3` beside the letter, which stays."""


def measures(metrics: Metrics, bus: Bus, feed: Feed) -> list[Measure]:
    """Dead letters of all services that nobody has dealt with, and open live streams."""
    waiting = metrics.gauge("dead_letters_waiting", "Dead letters not replayed yet.")
    viewing = metrics.gauge("live_streams", "Open live streams.")

    async def dead_letters() -> None:
        if bus.is_up:
            found = await bus.js.stream_info(DEAD, subjects_filter=REPLAYED)
            notes = found.state.subjects or {}
            # A letter ages out before the notes that it was replayed.
            waiting.set(max(0, found.state.messages - sum(notes.values()) - len(notes)))

    async def streams() -> None:
        viewing.set(feed.viewing)

    return [dead_letters, streams]
