from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import UnitEvent


class PublicationFound(UnitEvent):
    """找到了某项公开义务对应的网页。
    A page was found that publishes what a duty asks for.
    """

    type: ClassVar[str] = "projects.publication.found.v1"

    duty_id: UUID
    project_code: str
    item_code: str
    url: str
    claimed_at: AwareDatetime | None = Field(
        description="网页自称的公开时间，真假不论 | What the page claims, true or not."
    )
    first_seen_at: AwareDatetime = Field(description="我们首次看见的时间 | When we saw it first.")
    trust: int = Field(
        ge=0, le=5, description="自称的时间有多可信 | How far the claim is to be trusted."
    )


class PublicationWithdrawn(UnitEvent):
    """曾公开的网页已从网上消失。
    A page that published what a duty asks for is gone from the web.
    """

    type: ClassVar[str] = "projects.publication.withdrawn.v1"

    duty_id: UUID
    project_code: str
    item_code: str
    url: str
    first_seen_at: AwareDatetime
    withdrawn_at: AwareDatetime
