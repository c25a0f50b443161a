"""What is asked for when a ticket is taken."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.appointments.priority.models import TicketClass
from services.appointments.priority.schemas import Evidence
from services.appointments.queueing.schemas import ItemCode


class TicketRequest(BaseModel):
    """`class` other than walk_in or appointment needs evidence; an appointment needs its code."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"hall": "H001", "items": ["PBOC-01"]}]},
    )

    hall: str = Field(min_length=1, max_length=32)
    items: list[ItemCode] = Field(min_length=1, max_length=5)
    appointment_code: str | None = Field(None, min_length=1, max_length=32)
    ticket_class: TicketClass | None = Field(None, alias="class")
    evidence: Annotated[Evidence | None, Field(description="优先凭证 | Evidence for a class.")] = (
        None
    )
