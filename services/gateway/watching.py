"""Figures of the whole house that only the gateway can measure."""

from services.gateway.live.feed import Feed
from services.gateway.upstreams.registry import Registry
from shared.messaging.bus import Bus
from shared.messaging.streams import DEAD
from shared.observability.metrics import Measure, Metrics

REPLAYED = "dead.replayed.>"
"""`make dead ARGS="replay 3"` leaves a note `dead.replayed.3` beside the letter, which stays."""


def measures(metrics: Metrics, bus: Bus, feed: Feed, registry: Registry) -> list[Measure]:
    """Dead letters of all services that nobody has dealt with, live streams, and the load."""
    waiting = metrics.gauge("dead_letters_waiting", "Dead letters not replayed yet.")
    viewing = metrics.gauge("live_streams", "Open live streams.")

    at_work = metrics.gauge("upstream_in_flight", "Requests at a service now.", ["service"])
    limit = metrics.gauge("upstream_limit", "How many may be there, as found.", ["service"])
    refused = metrics.gauge("upstream_refused", "Refused for load since the start.", ["service"])

    async def load() -> None:
        for upstream in registry.upstreams.values():
            at_work.labels(upstream.name).set(upstream.gate.at_work)
            limit.labels(upstream.name).set(upstream.gate.limit.value)
            refused.labels(upstream.name).set(upstream.gate.refused)

    async def dead_letters() -> None:
        if bus.is_up:
            found = await bus.js.stream_info(DEAD, subjects_filter=REPLAYED)
            notes = found.state.subjects or {}
            # A letter ages out before the notes that it was replayed.
            waiting.set(max(0, found.state.messages - sum(notes.values()) - len(notes)))

    async def streams() -> None:
        viewing.set(feed.viewing)

    return [dead_letters, streams, load]
