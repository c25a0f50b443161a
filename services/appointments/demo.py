"""`python -m services.appointments.demo`: the demo hall, the printed directory, items and guides.

May run again at any time: what is there already stays as it is, and only new days get slots.
"""

import asyncio
from datetime import datetime, time, timedelta
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments import demo_areas, demo_five_ways, demo_releases
from services.appointments.directory import changing, importing
from services.appointments.directory import service as directory
from services.appointments.directory import views as directory_views
from services.appointments.directory.models import HallContact, HallLevel, WindowKind
from services.appointments.directory.schemas import (
    DeviceIn,
    DevicesIn,
    HallIn,
    OpeningHours,
    WindowIn,
    WindowsIn,
    ZoneIn,
)
from services.appointments.guides import importing as items
from services.appointments.guides import service as guides
from services.appointments.guides.schemas import GuideIn
from services.appointments.policies import service as policies
from services.appointments.policies.schemas import NewBookingPolicy
from services.appointments.schedules import closing, excepting
from services.appointments.schedules import service as schedules
from services.appointments.schedules import views as schedule_views
from services.appointments.schedules.closure_schemas import (
    ClosureIn,
)
from services.appointments.schedules.exception_schemas import ScheduleExceptionIn
from services.appointments.schedules.models import CalendarKind
from services.appointments.schedules.schemas import (
    RuleIn,
    ScheduleApplication,
    ScheduleChange,
)
from services.appointments.settings import AppointmentsSettings
from services.appointments.slots.models import Pool
from shared import clock
from shared.database.engine import new_engine, new_sessions
from shared.errors import NotFound
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.pagination import PageRequest

DATA = Path(__file__).parent / "data"
HALL = "H001"
DEPARTMENT = "PBOC"
LOADER = Caller("demo", frozenset({"admin"}), frozenset({"*"}))

_SERVICES = {"个人": "个人信用报告查询", "企业": "企业信用报告查询"}
"""Which item a printed 服务内容 means; the list itself names no items (an inference)."""


async def load(session: AsyncSession, keyring: Keyring, now: datetime) -> list[str]:
    """Loads what is missing; returns the import reports, a line each."""
    codes, loaded = await _items(session, now)
    loaded += await _printed_halls(session, codes, now)
    await _demo_hall(session, now)
    await _windows(session, list(codes.values()), now)
    await _policy(session, now)
    added = await _schedule(session, list(codes.values()), now)
    added += await schedules.extend_hall(session, HALL, now)
    await _closure(session, now)
    await _exception(session, now)
    await demo_five_ways.load(session, keyring, now)
    await demo_releases.load(session, keyring, now)
    await demo_areas.load(session, {HALL: "NJ-SF", **dict.fromkeys(_printed(), "NJ")}, now)
    return [*loaded, f"{HALL}: +{added} 个时段 slots"]


async def _items(session: AsyncSession, now: datetime) -> tuple[dict[str, str], list[str]]:
    """The items and their first guides; returns codes by name and the report."""
    imported, report = items.read_items(
        (DATA / "service_items.csv").read_text("utf-8-sig"),
        (DATA / "pboc_items.json").read_text(),
        prefix=DEPARTMENT,
        department=DEPARTMENT,
    )
    for code, item, guide in imported:
        if await guides.unknown_items(session, [code]):
            await guides.put_item(session, code, item, LOADER, now)
            first = GuideIn(**guide.model_dump(), version=0)
            await guides.publish_guide(session, code, first, LOADER, now)
    lines = [
        f"service_items.csv: 共 {report.rows} 行 rows, 采用 taken {len(imported)}",
        *(f"  重复 duplicate: {name}" for name in report.duplicates),
        *(f"  缺办理要素，未采用 no terms: {name}" for name in report.without_terms),
    ]
    return {item.name: code for code, item, _ in imported}, lines


async def _printed_halls(session: AsyncSession, codes: dict[str, str], now: datetime) -> list[str]:
    """The halls of the printed directory; returns the import report."""
    table = (DATA / "hall_directory.csv").read_text("utf-8-sig")
    halls, report = importing.read_halls(table, prefix="NJ")
    for hall in halls:
        if await _exists(session, hall.code):
            continue
        hours = OpeningHours(
            weekdays=hall.weekdays,
            opens=time.fromisoformat(hall.opens),
            closes=time.fromisoformat(hall.closes),
        )
        wanted = HallIn(name=hall.name, address=hall.address, opening_hours=[hours])
        await changing.put_hall(session, hall.code, wanted, LOADER, now)
        session.add_all(
            HallContact(hall_code=hall.code, **contact._asdict()) for contact in hall.contacts
        )
        services = {contact.service for contact in hall.contacts}
        offered = {codes[_SERVICES[word]] for word in _SERVICES for one in services if word in one}
        await guides.offer_at_hall(session, hall.code, sorted(offered))
    head = "hall_directory.csv: "
    return [
        (head if place == 0 else "  ") + f"{zh} | {en}"
        for place, (zh, en) in enumerate(zip(report.lines("zh"), report.lines("en"), strict=True))
    ]


def _printed() -> list[str]:
    """The codes of the halls of the printed directory."""
    table = (DATA / "hall_directory.csv").read_text("utf-8-sig")
    return [hall.code for hall in importing.read_halls(table, prefix="NJ")[0]]


async def _exists(session: AsyncSession, hall: str) -> bool:
    try:
        await directory.get_hall(session, hall)
    except NotFound:
        return False
    return True


async def _demo_hall(session: AsyncSession, now: datetime) -> None:
    if await _exists(session, HALL):
        return
    always = OpeningHours(weekdays=[1, 2, 3, 4, 5, 6, 7], opens=time(0), closes=time(0))
    hall = HallIn(
        name="一扇门市民中心",
        name_en="OneDoor Citizens' Centre",
        address="南京市示范区一扇门路 1 号（演示）",
        level=HallLevel.CITY,
        latitude=32.0603,
        longitude=118.7969,
        phone="025-00012345",
        opening_hours=[always],
        channels=["window", "web", "app", "kiosk"],
        accessibility=["step_free", "lift", "toilet"],
    )
    await changing.put_hall(session, HALL, hall, LOADER, now)


async def _windows(session: AsyncSession, codes: list[str], now: datetime) -> None:
    """Six windows: credit, credit, green lane, accounts, foreign exchange, late closing."""
    if await directory_views.windows_of(session, HALL):
        return
    credit, accounts, exchange = codes[:3], codes[3:6], codes[6:]
    shapes: list[tuple[WindowKind, str, list[str]]] = [
        (WindowKind.COUNTER, "征信窗口", credit),
        (WindowKind.COUNTER, "征信窗口", credit),
        (WindowKind.GREEN, "绿色通道", codes),
        (WindowKind.COUNTER, "账户窗口", accounts),
        (WindowKind.COUNTER, "外汇窗口", exchange),
        (WindowKind.LATE_CLOSING, "延时服务窗口", codes),
    ]
    windows = [
        WindowIn(no=no, name=name, kind=kind, zone="A", department_code=DEPARTMENT, items=served)
        for no, (kind, name, served) in enumerate(shapes, 1)
    ]
    hall = await directory.get_hall(session, HALL)
    zones = [ZoneIn(code="A", name="一层等候区")]
    wanted = WindowsIn(version=hall.version, zones=zones, windows=windows)
    await changing.put_windows(session, HALL, wanted, LOADER, now)
    devices = [
        DeviceIn.model_validate(
            {
                "kind": "kiosk",
                "name": "取号机 1",
                "account": "device1",
                "location": "一层东门内左侧",
                "offers": ["tickets", "check_in", "guides"],
            }
        ),
        DeviceIn.model_validate({"kind": "display", "name": "大屏 A", "zone": "A"}),
    ]
    hall = await directory.get_hall(session, HALL)
    await changing.put_devices(
        session, HALL, DevicesIn(version=hall.version, devices=devices), LOADER, now
    )


async def _policy(session: AsyncSession, now: datetime) -> None:
    """The demo hall lets people check in a day early, so that a tour need not wait."""
    if (await policies.in_force(session, HALL, now)).version == 0:
        wanted = NewBookingPolicy(
            version=0, cancel_until_minutes=0, check_in_early_minutes=1440, basis="演示大厅"
        )
        await policies.lay_down(session, HALL, wanted, LOADER, now)


async def _schedule(session: AsyncSession, codes: list[str], now: datetime) -> int:
    """Slots round the clock, every day: a tour works whenever it is started. Returns how many."""
    if (await schedule_views.list_rules(session, HALL, PageRequest(1, None), now)).items:
        return 0
    rule = RuleIn(
        code="DAILY",
        name="全天（演示）",
        item_codes=codes,
        calendar=CalendarKind.EVERY_DAY,
        weekdays=[1, 2, 3, 4, 5, 6, 7],
        starts=time(0),
        ends=time(0),
        slot_minutes=30,
        capacity={Pool.ONLINE: 6, Pool.ASSISTED: 3},
        horizon_workdays=5,
    )
    change = ScheduleChange(hall_code=HALL, rules=[rule])
    proposal = await schedules.propose(session, change, LOADER, now)
    applied = ScheduleApplication(hall_code=HALL, rules=[rule], fingerprint=proposal.fingerprint)
    return (await schedules.apply(session, applied, LOADER, now)).added_count


async def _closure(session: AsyncSession, now: datetime) -> None:
    """One window is closed for an hour in some days, so that there is a closure to look at."""
    coming = PageRequest(1, None)
    if (
        await schedule_views.list_closures(session, HALL, coming, first=None, last=None, now=now)
    ).items:
        return
    starts_at = datetime.combine(clock.today(now) + timedelta(days=3), time(12), clock.SHANGHAI)
    wanted = ClosureIn(
        hall_code=HALL,
        window=5,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        reason="设备检修（演示）",
    )
    await closing.close(session, wanted, LOADER, now)


async def _exception(session: AsyncSession, now: datetime) -> None:
    """One window sees half as many people on a day, so that there is an exception to look at."""
    coming = PageRequest(1, None)
    if (
        await schedule_views.list_exceptions(session, HALL, coming, first=None, last=None, now=now)
    ).items:
        return
    day = clock.today(now) + timedelta(days=4)
    wanted = ScheduleExceptionIn(
        hall_code=HALL,
        window_no=4,
        first_on=day,
        last_on=day,
        percent=50,
        reason="新手带教（演示）",
    )
    await excepting.make(session, wanted, LOADER, now)


async def main() -> None:
    settings = AppointmentsSettings()
    engine = new_engine(settings, "appointments-demo")
    keyring = Keyring(settings.column_keys, settings.index_key)
    async with new_sessions(engine)() as session, session.begin():
        for line in await load(session, keyring, clock.now()):
            print(line)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
