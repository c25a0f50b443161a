"""What of a hall a closure or an exception is about: it has to be there."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.guides import service as guides
from services.appointments.schedules import queries
from shared.errors import Invalid, Text


async def ensure_known(
    session: AsyncSession,
    hall: str,
    *,
    window_no: int | None,
    item_code: str | None,
    rule_code: str | None,
    window_at: str = "/body/window_no",
) -> None:
    """Raises Invalid for a window that the hall does not use, an item that there is not, and a rule
    that is not in force."""
    if window_no is not None and window_no not in await directory.items_at_windows(session, hall):
        raise Invalid(Text("没有这个窗口", "There is no such window"), pointer=window_at)
    if item_code is not None and await guides.unknown_items(session, [item_code]):
        raise Invalid(Text("没有这个事项", "There is no such item"), pointer="/body/item_code")
    in_force = {rule.code for rule in await queries.in_force(session, hall)}
    if rule_code is not None and rule_code not in in_force:
        raise Invalid(Text("没有这条规则", "There is no such rule"), pointer="/body/rule_code")
