"""A unit becomes part of another: what is open is taken over, what was found stays with the old."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.duties import service as duties
from services.projects.mergers import queries
from services.projects.mergers.events import DutyTakenOver
from services.projects.mergers.models import UnitMerger
from services.projects.mergers.schemas import MergerInput
from services.projects.packs import service as packs
from services.projects.register import service as register
from shared import clock
from shared.errors import Conflict, Invalid, Text
from shared.messaging import outbox
from shared.messaging.outbox import Addressed
from shared.security import audit_log

_ITSELF = Text("不能并入本单位", "A unit does not become part of itself")
_AHEAD = Text("并入之日不能在今天之后", "The day lies after today")
_NO_UNIT = Text("该日没有这个公开主体", "There is no such unit on that day")


class CasesOpen(Conflict):
    """A case is between a unit and who decides: none may wait for a unit that is no more.

    Members: `cases`.
    """

    type = "/problems/cases-open"
    title = Text("该单位还有案件没有办结", "The unit has cases that nobody has ended")
    advice = Text(
        "请先办结或撤销其整改、异议和豁免，再并入",
        "Please end or take back its orders, disputes and exemptions first",
    )

    def __init__(self, many: int) -> None:
        super().__init__(Text(f"没有办结的共{many}件", f"Not ended: {many}"), cases=many)


async def merge(
    session: AsyncSession, code: str, order: MergerInput, now: datetime, *, actor: str
) -> UnitMerger:
    """Let the unit end on the day before, and the other one take over its open duties.

    The history of verdicts up to now, and all that is published, stay with the unit that it was
    found of: its reports say the same as ever. Raises NotFound, Invalid, StateConflict.
    """
    await _check(session, code, order, now)
    last_day = order.merged_on - timedelta(days=1)
    await register.end_unit(session, code, last_day, order.version)
    await auditing.take_turn(session)
    if cases := await queries.open_cases(session, code):
        raise CasesOpen(cases)
    taken = await auditing.hand_over(session, code, order.successor_code, now, actor=actor)
    await duties.hand_over(session, taken, order.successor_code)
    await packs.hand_over(session, code, order.successor_code, order.merged_on, now, actor=actor)
    await auditing.judge_duties(session, taken, now, actor=actor)
    await outbox.record_many(session, [_taken_over(duty, code, order, now) for duty in taken])
    merger = UnitMerger(
        unit_code=code,
        **order.model_dump(exclude={"version"}),
        taken_over=len(taken),
        recorded_at=now,
        recorded_by=actor,
    )
    session.add(merger)
    await session.flush()
    details = {"into": order.successor_code, "duties": len(taken)}
    await audit_log.write(session, actor, "unit.merged", f"unit:{code}", now, details)
    return merger


async def _check(session: AsyncSession, code: str, order: MergerInput, now: datetime) -> None:
    if order.successor_code == code:
        raise Invalid(_ITSELF, pointer="/body/successor_code")
    if order.merged_on > clock.today(now):
        raise Invalid(_AHEAD, pointer="/body/merged_on")
    if not await register.has_unit(session, order.successor_code, clock.today(now)):
        raise Invalid(_NO_UNIT, pointer="/body/successor_code")


def _taken_over(duty: UUID, code: str, order: MergerInput, now: datetime) -> Addressed:
    event = DutyTakenOver(
        unit_code=order.successor_code, from_unit_code=code, duty_id=duty, taken_over_at=now
    )
    return Addressed(event, order.successor_code, str(duty))
