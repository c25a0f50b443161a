"""Use cases of scoring: schemes are laid down ahead, and tried on what a report counted."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, NoReturn
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.reports import freezing
from services.projects.reports import service as reports
from services.projects.reports.models import MeritScheme, PeriodKind, ScoreScheme
from services.projects.scoring import queries, rules
from services.projects.scoring.schemas import (
    DeductionOrder,
    MeritOrder,
    SchemeKind,
    WhatIf,
    WhatIfView,
)
from shared import clock
from shared.database.deciding import DecidingSession
from shared.errors import Invalid, Text
from shared.security import audit_log
from shared.web.pagination import PageRequest
from shared.workflow import refuse

_MOVED = Text(
    "评分办法已有新的版本；请读取后再改", "The scheme has a newer version; please read it"
)
_OF_A_DAY = Text(
    "试算用的是月报、季报、年报，请选一份",
    "It is tried on the report of a period; please choose one",
)


class Schemes(NamedTuple):
    """All versions of both, the newest first, and those by which a report of today is scored."""

    deductions: Sequence[ScoreScheme]
    merits: Sequence[MeritScheme]
    deduction_in_force: int
    merit_in_force: int


async def schemes(session: AsyncSession, now: datetime) -> Schemes:
    """Both schemes as they stand."""
    in_force = await reports.scheme(session, clock.today(now))
    return Schemes(
        await queries.deductions(session),
        await queries.merits(session),
        in_force.version,
        in_force.merit_version,
    )


async def put_deduction(
    session: DecidingSession, order: DeductionOrder, now: datetime, *, actor: str
) -> ScoreScheme:
    """The next version of 扣分制. Raises Invalid for one that goes backwards or whose groups of
    peers are not right, StateConflict where the version that was read is not the newest."""
    rules.ensure_ahead(order.in_force_from, clock.today(now))
    units = [unit for group in order.peer_groups.values() for unit in group]
    known = await queries.known_units(session, units) if units else frozenset()
    rules.ensure_peers(order.peer_groups, known)
    newest = (await queries.deductions(session))[0].version
    scheme = ScoreScheme(
        version=_next(order.version, newest),
        basis=order.basis,
        weights=order.weights.model_dump(),
        peer_groups=order.peer_groups,
        in_force_from=order.in_force_from,
    )
    await _lay_down(session, scheme, SchemeKind.DEDUCTION, now, actor)
    return scheme


async def put_merit(
    session: DecidingSession, order: MeritOrder, now: datetime, *, actor: str
) -> MeritScheme:
    """The next version of 得分制. Raises Invalid for one that goes backwards, StateConflict where
    the version that was read is not the newest."""
    rules.ensure_ahead(order.in_force_from, clock.today(now))
    newest = (await queries.merits(session))[0].version
    scheme = MeritScheme(
        version=_next(order.version, newest),
        basis=order.basis,
        weights=order.weights.model_dump(),
        item_weights=order.item_weights,
        in_force_from=order.in_force_from,
    )
    await _lay_down(session, scheme, SchemeKind.MERIT, now, actor)
    return scheme


def _next(seen: int, newest: int) -> int:
    if seen != newest:
        refuse("in_force", newest, _MOVED)
    return newest + 1


async def _lay_down(
    session: DecidingSession,
    scheme: ScoreScheme | MeritScheme,
    kind: SchemeKind,
    now: datetime,
    actor: str,
) -> None:
    def overtaken() -> NoReturn:
        refuse("in_force", scheme.version, _MOVED)

    queries.add(session, scheme, overtaken)
    details = {"version": scheme.version, "basis": scheme.basis}
    await audit_log.write(session, actor, "scheme.put", f"scheme:{kind}", now, details)


async def what_if(session: AsyncSession, wanted: WhatIf) -> WhatIfView:
    """What the units of a report would score, and which places they would have.

    Raises NotFound, and Invalid for the report of a day, whose duties are not kept.
    """
    report = await reports.find_report(session, wanted.report_id)
    if report.period_kind is PeriodKind.DAY:
        raise Invalid(_OF_A_DAY, pointer="/body/report_id")
    changed = rules.tried(wanted, report.inputs)
    now, then = await freezing.composed(session, report, report.inputs, changed)
    lines = rules.compared(now["units"], then["units"])
    return WhatIfView(report_id=report.id, units=list(lines))


async def scores(
    session: AsyncSession,
    paging: PageRequest,
    *,
    report: UUID | None,
    unit: str | None,
) -> list[queries.ScoreRow]:
    """Published scores, one more than the page has: of a report, of a unit, or of the last."""
    after = paging.key(int, int, str)
    key = (after[0], after[1], after[2]) if after else None
    return await queries.scores(
        session, report=report, unit=unit, after=key, limit=paging.limit + 1
    )
