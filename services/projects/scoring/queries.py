"""SQL of the schemes."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.register.models import ResponsibleUnit
from services.projects.reports.models import MeritScheme, PeriodKind, ScoreScheme
from shared.database.deciding import DecidingSession


async def deductions(session: AsyncSession) -> Sequence[ScoreScheme]:
    """All versions of 扣分制, the newest first."""
    query = select(ScoreScheme).order_by(col(ScoreScheme.version).desc())
    return (await session.exec(query)).all()


async def merits(session: AsyncSession) -> Sequence[MeritScheme]:
    """All versions of 得分制, the newest first."""
    query = select(MeritScheme).order_by(col(MeritScheme.version).desc())
    return (await session.exec(query)).all()


async def known_units(session: AsyncSession, codes: Sequence[str]) -> frozenset[str]:
    """Those of the units that are registered."""
    query = select(ResponsibleUnit.code).where(col(ResponsibleUnit.code).in_(codes))
    return frozenset((await session.exec(query)).all())


def add(
    session: DecidingSession,
    scheme: ScoreScheme | MeritScheme,
    refusal: Callable[[], Exception],
) -> None:
    """A version is laid down once; `refusal` is what a second one is answered."""
    session.statement.refusing(f"pk_{scheme.__tablename__}", refusal)
    session.add(scheme)


class ScoreRow(NamedTuple):
    """A unit's line of a signed report, with the number of that report."""

    report_id: UUID
    year: int
    serial: int
    period_kind: PeriodKind
    from_on: date | None
    to_on: date | None
    as_of: date
    unit_code: str
    line: dict[str, Any]


_VALID = """NOT EXISTS (SELECT FROM report_withdrawal w WHERE w.report_id = {of}.report_id)"""
_SCORES = f"""
  SELECT s.report_id, s.year, s.serial, r.period_kind, r.from_on, r.to_on, r.as_of, s.unit_code,
         s.line
  FROM published_score s JOIN report r ON r.id = s.report_id
  WHERE {_VALID.format(of="s")} AND {{asked}}
    AND (CAST(:year AS int) IS NULL OR (-s.year, -s.serial, s.unit_code)
      > (-CAST(:year AS int), -CAST(:serial AS int), CAST(:after_unit AS text)))
  ORDER BY s.year DESC, s.serial DESC, s.unit_code LIMIT :limit"""
_OF_REPORT = text(
    _SCORES.format(
        asked="s.report_id = :report AND (CAST(:unit AS text) IS NULL OR s.unit_code = :unit)"
    )
)
_OF_UNIT = text(_SCORES.format(asked="s.unit_code = :unit"))
_OF_LAST = text(
    _SCORES.format(
        asked=f"""s.report_id = (
      SELECT x.report_id FROM report_signature x WHERE {_VALID.format(of="x")}
      ORDER BY x.year DESC, x.serial DESC LIMIT 1)"""
    )
)


async def scores(
    session: AsyncSession,
    *,
    report: UUID | None,
    unit: str | None,
    after: tuple[int, int, str] | None,
    limit: int,
) -> list[ScoreRow]:
    """Published scores, those of the report signed last in front, after a (year, serial, unit).

    Whose scores are asked for by neither report nor unit sees those of the report signed last.
    """
    year, serial, after_unit = after or (None, None, None)
    given: dict[str, Any] = {"year": year, "serial": serial, "after_unit": after_unit}
    given["limit"] = limit
    if report is not None:
        found = await session.execute(_OF_REPORT, {**given, "report": report, "unit": unit})
    elif unit is not None:
        found = await session.execute(_OF_UNIT, {**given, "unit": unit})
    else:
        found = await session.execute(_OF_LAST, given)
    return [ScoreRow(*row) for row in found]
