"""SQL of the schemes."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.register.models import ResponsibleUnit
from services.projects.reports.models import MeritScheme, ScoreScheme
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
    period_kind: str
    from_on: Any
    to_on: Any
    as_of: Any
    unit_code: str
    line: dict[str, Any]


# Whose scores are asked for by neither report nor unit sees those of the report signed last.
_SCORES = text("""
  SELECT g.report_id, g.year, g.serial, r.period_kind, r.from_on, r.to_on, r.as_of,
         line ->> 'unit' AS unit_code, line
  FROM report_signature g
  JOIN report r ON r.id = g.report_id
  CROSS JOIN LATERAL jsonb_array_elements(convert_from(r.body, 'UTF8')::jsonb -> 'units') line
  WHERE NOT EXISTS (SELECT FROM report_withdrawal w WHERE w.report_id = g.report_id)
    AND CASE WHEN CAST(:report AS uuid) IS NOT NULL THEN g.report_id = :report
             WHEN CAST(:unit AS text) IS NOT NULL THEN true
             ELSE g.report_id = (
               SELECT x.report_id FROM report_signature x
               WHERE NOT EXISTS (SELECT FROM report_withdrawal w WHERE w.report_id = x.report_id)
               ORDER BY x.year DESC, x.serial DESC LIMIT 1) END
    AND (CAST(:unit AS text) IS NULL OR line ->> 'unit' = :unit)
    AND (CAST(:year AS int) IS NULL OR (-g.year, -g.serial, line ->> 'unit')
      > (-CAST(:year AS int), -CAST(:serial AS int), CAST(:after_unit AS text)))
  ORDER BY g.year DESC, g.serial DESC, line ->> 'unit' LIMIT :limit""")


async def scores(
    session: AsyncSession,
    *,
    report: UUID | None,
    unit: str | None,
    after: tuple[int, int, str] | None,
    limit: int,
) -> list[ScoreRow]:
    """Published scores, those of the report signed last in front, after a (year, serial, unit)."""
    year, serial, after_unit = after or (None, None, None)
    given = {"report": report, "unit": unit, "limit": limit}
    given |= {"year": year, "serial": serial, "after_unit": after_unit}
    return [ScoreRow(*row) for row in await session.execute(_SCORES, given)]
