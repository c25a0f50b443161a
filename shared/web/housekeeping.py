"""What every service does besides its own work: it seals its audit log, and forgets in time."""

from datetime import timedelta

from shared.database.pruning import Pruned
from shared.jobs import Job
from shared.security import audit_log
from shared.settings import Settings
from shared.web import idempotency

MINUTE = timedelta(minutes=1)


def jobs(settings: Settings) -> list[Job]:
    """The recurring work of every service."""
    return [
        Job("seal-audit-log", timedelta(seconds=5), audit_log.seal),
        Job("log-audit-head", MINUTE, audit_log.log_head),
        *(each.job() for each in pruned(settings)),
    ]


def pruned(settings: Settings) -> list[Pruned]:
    """What every service forgets: events published longer ago than the streams keep them, notes
    older than any event that could still be delivered again, and answers kept for repetitions.
    """
    kept = timedelta(days=settings.outbox_kept_days)
    return [
        Pruned("outbox", "published_at", kept),
        Pruned("inbox", "handled_at", 2 * kept),
        Pruned("idempotency", "created_at", idempotency.KEPT),
    ]
