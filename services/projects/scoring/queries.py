"""SQL of the schemes."""

from collections.abc import Callable, Sequence

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
