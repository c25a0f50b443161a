"""The figures of one application, which `/metrics` exports."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LAGS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3600)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

Measure = Callable[[], Awaitable[None]]


class Metrics:
    """Rate, errors and durations of requests, events and jobs; each application has its own.

    `measures` fill gauges when they are asked for.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.measures: list[Measure] = []
        self._kept: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.requests = self._count(
            "http_requests", "Requests answered.", ["method", "route", "status"]
        )
        self.seconds = self._times(
            "http_request_seconds", "Time to the end of the answer.", ["method", "route"], _BUCKETS
        )
        self.events = self._count(
            "events_read",
            "Events by what became of them: handled, waiting (an outage), retried, buried.",
            ["subscription", "outcome"],
        )
        self.event_lag = self._times(
            "event_lag_seconds",
            "From the record of an event to the commit of what it caused here.",
            ["subscription"],
            _LAGS,
        )
        self.jobs = self._count("job_runs", "Runs of recurring work.", ["job", "outcome"])
        self.outbox_waiting = self.gauge("outbox_waiting", "Events not yet published.")
        self.outbox_oldest_seconds = self.gauge(
            "outbox_oldest_seconds", "Age of the oldest of them."
        )
        self.stream_days_left = self.gauge(
            "stream_days_left", "Days until the service's stream is full, at its pace so far."
        )
        self.prune_lag_seconds = self.gauge(
            "prune_lag_seconds", "For how long the oldest row should have been gone.", ["table"]
        )
        self.pool_in_use = self.gauge("pool_in_use", "Database connections at work.")
        self.consumer_waiting = self.gauge(
            "consumer_waiting", "Events that came and are not handled yet.", ["subscription"]
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request more. What callers make up themselves is no label: it would have no end."""
        known = method if method in _METHODS else "other"
        kept = self._kept.get((known, route, status))
        if kept is None:  # as few as there are routes: looking them up costs more than counting
            count, time = self.requests.labels(known, route, status), self.seconds
            kept = self._kept[known, route, status] = count, time.labels(known, route)
        kept[0].inc()
        kept[1].observe(seconds)

    def job_ran(self, job: str, outcome: str) -> None:
        """One run more of a recurring job."""
        self.jobs.labels(job, outcome).inc()

    def gauge(self, name: str, documentation: str, labels: Sequence[str] = ()) -> Gauge:
        """A new gauge of this application; a measure fills it."""
        return Gauge(name, documentation, labels, registry=self.registry)

    def _times(
        self, name: str, documentation: str, labels: list[str], buckets: Sequence[float]
    ) -> Histogram:
        return Histogram(name, documentation, labels, buckets=buckets, registry=self.registry)

    def _count(self, name: str, documentation: str, labels: list[str]) -> Counter:
        return Counter(name, documentation, labels, registry=self.registry)


class _Joined:
    """Families of samples, as `generate_latest` reads a registry."""

    def __init__(self) -> None:
        self._families: dict[str, Metric] = {}

    def add(self, worker: int, exported: bytes) -> None:
        for family in text_string_to_metric_families(exported.decode()):
            known = self._families.setdefault(
                family.name, Metric(family.name, family.documentation, family.type)
            )
            known.samples += [
                sample._replace(labels={**sample.labels, "worker": str(worker)})
                for sample in family.samples
            ]

    def collect(self) -> Iterator[Metric]:
        return iter(self._families.values())


def by_worker(exported: Mapping[int, bytes]) -> bytes:
    """What the workers of a service export, in one, each sample with the label `worker`."""
    joined: Any = _Joined()
    for worker in sorted(exported):
        joined.add(worker, exported[worker])
    return generate_latest(joined)
