"""What a duty would be by some more facts: thought through in hand, and written if it is wanted.

For who decides on one duty; facts of many at once are derived where they stand (`observing`).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import deciding
from services.projects.auditing.deciding import JudgedDuty
from services.projects.auditing.rules.basis import FactOfMove
from services.projects.duties import observing, queries, rules
from services.projects.duties.models import PublicationFact
from services.projects.duties.rules import Sighting
from services.projects.duties.seen import SeenDuty
from services.projects.duties.statement import (
    ADD_FRESH_FACTS,
    PUT_BY_NEW_FACT,
    PUT_PUBLICATIONS,
)
from shared.database.deciding import DecidingSession


class Gone(NamedTuple):
    """A page that carried the duty is no longer there."""

    url: str
    at: datetime


class Supposed(NamedTuple):
    """A duty by the facts that are known and `fresh` ones: its publication and the columns of its
    standing, neither where nothing that was seen counts.
    """

    fresh: Sequence[Mapping[str, Any]]
    publication: Mapping[str, Any] | None
    columns: Mapping[str, Any]
    fact: FactOfMove
    is_blamed: bool
    """Whether the duty is late or too early by them, or would be if no ruling held it."""

    @property
    def trust(self) -> int | None:
        return None if self.publication is None else self.publication["trust"]


async def known_facts(session: AsyncSession, duty_id: UUID) -> Sequence[PublicationFact]:
    """All facts of the duty, oldest first; guarded by the version of its standing."""
    return await queries.facts(session, [duty_id])


def suppose(
    found: SeenDuty,
    known: Sequence[PublicationFact],
    seen: Sequence[Sighting],
    gone: Gone | None,
    now: datetime,
) -> Supposed:
    """What the duty would be by these sightings as well, and by a page that is gone since."""
    fresh = [observing.fact_of(each, now) for each in seen]
    if gone is not None:
        fresh.append(observing.gone_fact(found.duty.id, gone.url, gone.at, now))
    facts = [*known, *(PublicationFact(**values) for values in fresh)]
    evidence = rules.summarise(facts, found.calendar)
    publication: Mapping[str, Any] | None = None
    columns: Mapping[str, Any] = {}
    fact = found.fact
    if evidence is not None:
        publication = observing.publication_of(found.duty, evidence)
        columns = observing.seen_of(found.duty, evidence, found.calendar)
        best = evidence.best
        fact = FactOfMove(best.id) if best.id is not None else FactOfMove(sha256=best.sha256)
    is_blamed = deciding.is_blamed(found.standing, columns, found.basis)
    return Supposed(fresh, publication, columns, fact, is_blamed)


async def write(
    session: DecidingSession,
    found: SeenDuty,
    supposed: Supposed | None,
    changes: Mapping[str, Any],
    now: datetime,
    *,
    actor: str,
) -> JudgedDuty:
    """Write what was supposed, and these columns of the standing; the duty is judged by both.

    The standing is swapped also where nothing of it changes: so whoever decides on the duty at the
    same time does so one after the other. Who calls has the turn, and what verdicts go by is held.
    """
    columns = {**(supposed.columns if supposed else {}), **changes}
    if supposed is not None:
        _append(session, supposed)
    return await deciding.judge_changed(
        session,
        found.standing,
        columns,
        found.named(found.standing.due_ord),
        found.basis,
        now,
        actor=actor,
        fact=supposed.fact if supposed else found.fact,
    )


def _append(session: DecidingSession, supposed: Supposed) -> None:
    """The facts, as `new_fact` of the statement, and the evidence that they make."""
    statement, best = session.statement, supposed.fact.sha256
    facts = json.dumps(supposed.fresh, default=str)
    statement.also(ADD_FRESH_FACTS, name="new_fact", rows=facts)
    if supposed.publication is not None:
        rows = json.dumps([supposed.publication], default=str)
        if best is None:
            statement.also(PUT_PUBLICATIONS.text, rows=rows)
        else:
            statement.also(PUT_BY_NEW_FACT, rows=rows, sha256=best)
