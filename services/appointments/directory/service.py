"""Halls: found, and who may work in them."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import queries
from services.appointments.directory.models import Hall, HallLoad
from services.appointments.directory.schemas import OpeningHours
from shared.errors import Invalid, NotFound, Text
from shared.security.identity import Caller

_NO_HALL = Text("没有这个大厅", "There is no such hall")


class WindowsServed(NamedTuple):
    """By the window's number: its items, and the late-closing hours of those that have some."""

    items: dict[int, frozenset[str]]
    late: dict[int, list[OpeningHours]]


async def get_hall(session: AsyncSession, code: str) -> Hall:
    """Raises NotFound."""
    if (hall := await queries.hall(session, code)) is None:
        raise NotFound(_NO_HALL)
    return hall


async def lock_hall(session: AsyncSession, code: str) -> None:
    """What changes the slots of a hall, or who has which place, comes one after another.

    Each sees what the last one did. NO KEY, for slots and appointments go on being written.
    """
    await queries.lock_hall(session, code)


async def lock_idle_halls(session: AsyncSession, codes: Sequence[str]) -> list[str]:
    """Those of the halls that nobody has locked, locked in their order as by `lock_hall`: for a
    job, which looks again in a while."""
    return await queries.lock_idle_halls(session, codes)


async def staffed_hall(session: AsyncSession, code: str, caller: Caller) -> Hall:
    """The hall, if the caller works there (a device counts). Raises NotFound."""
    hall = await get_hall(session, code)
    if not (caller.has("clerk", "hall_manager", "device") and caller.at(code)):
        raise NotFound(_NO_HALL)
    return hall


async def named_hall(session: AsyncSession, code: str | None, caller: Caller) -> str:
    """The code of the hall that staff ask about. Raises Invalid where they name none, NotFound."""
    if code is None:
        raise Invalid(Text("请写明大厅", "Name the hall"), pointer="/query/hall")
    return (await staffed_hall(session, code, caller)).code


async def managed_hall(session: AsyncSession, code: str, caller: Caller) -> Hall:
    """The hall, if the caller manages it or is an administrator. Raises NotFound."""
    hall = await get_hall(session, code)
    if not (caller.has("admin") or (caller.has("hall_manager") and caller.at(code))):
        raise NotFound(_NO_HALL)
    return hall


async def items_at_windows(session: AsyncSession, hall: str) -> dict[int, frozenset[str]]:
    """What each window of the hall in use serves, by its number."""
    return (await windows_served(session, hall)).items


async def windows_served(session: AsyncSession, hall: str) -> WindowsServed:
    """What the windows of the hall in use serve, and when they do beyond its hours."""
    windows = {window.id: window for window in await queries.windows(session, hall)}
    items: dict[int, set[str]] = {window.no: set() for window in windows.values()}
    for served in await queries.window_items(session, hall):
        if served.window_id in windows:
            items[windows[served.window_id].no].add(served.item_code)
    late = {
        window.no: [OpeningHours.model_validate(each) for each in window.late_hours]
        for window in windows.values()
        if window.late_hours
    }
    return WindowsServed({no: frozenset(codes) for no, codes in items.items()}, late)


async def window_number(session: AsyncSession, hall: str, window: UUID) -> int | None:
    """The number of a window of the hall in use; None for another."""
    return next((w.no for w in await queries.windows(session, hall) if w.id == window), None)


async def note_load(session: AsyncSession, measured: HallLoad) -> None:
    """For the queue: how busy the hall is now; an older measurement changes nothing."""
    await queries.set_load(session, measured)
