from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import UnitEvent


class DutyTakenOver(UnitEvent):
    """原单位并入后，尚未公开的事项由接续单位公开。

    A unit became part of another one, which owes what was not published yet.
    """

    type: ClassVar[str] = "projects.duty.taken_over.v1"

    duty_id: UUID
    from_unit_code: str = Field(
        description="原公开主体 | The unit that owed it before.", examples=["D17"]
    )
    taken_over_at: AwareDatetime
