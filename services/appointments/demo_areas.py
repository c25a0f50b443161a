"""Where the demo's halls stand: a province, its city, and a county of that."""

from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.areas import service as areas
from services.appointments.areas import views
from services.appointments.areas.models import PlacedKind
from services.appointments.areas.schemas import AgencyIn, AreaIn, Move
from services.appointments.directory.models import HallLevel
from shared.errors import NotFound
from shared.security.identity import Caller

LOADER = Caller("demo", frozenset({"admin"}), frozenset({"*"}))
SINCE = date(2020, 1, 1)
_AREAS = (
    ("JS", "江苏省", "Jiangsu", HallLevel.PROVINCE, None),
    ("NJ", "南京市", "Nanjing", HallLevel.CITY, "JS"),
    ("NJ-SF", "示范区", "Model district", HallLevel.COUNTY, "NJ"),
)


async def load(session: AsyncSession, halls: dict[str, str], now: datetime) -> None:
    """Loads what is missing: areas, an agency, and each hall under its area."""
    if await _exists(session):
        return
    for code, name, name_en, level, parent in _AREAS:
        wanted = AreaIn(name=name, name_en=name_en, level=level)
        await areas.put_area(session, code, wanted, LOADER, now)
        await session.flush()
        if parent is not None:
            await _move(session, PlacedKind.AREA, code, parent, now)
    bank = AgencyIn(name="中国人民银行", name_en="People's Bank of China")
    await areas.put_agency(session, "PBOC", bank, LOADER, now)
    await session.flush()
    await _move(session, PlacedKind.AGENCY, "PBOC", "JS", now)
    for hall, area in halls.items():
        await _move(session, PlacedKind.HALL, hall, area, now)


async def _exists(session: AsyncSession) -> bool:
    try:
        await areas.area(session, _AREAS[0][0])
    except NotFound:
        return False
    return True


async def _move(
    session: AsyncSession, kind: PlacedKind, code: str, area: str, now: datetime
) -> None:
    move = Move(parent_code=area, valid_from=SINCE)
    await views.move(session, kind, code, move, LOADER, now)
    await session.flush()
