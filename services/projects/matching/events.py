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
    project_code: str = Field(
        description="项目代码；不属于项目的为空串，见 subject"
        " | The project; empty where it is about none: then `subject` says what it is about."
    )
    subject: str | None = Field(
        description="项目以外的公开对象 | What it is about besides a project."
    )
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
    project_code: str = Field(
        description="项目代码；不属于项目的为空串，见 subject"
        " | The project; empty where it is about none: then `subject` says what it is about."
    )
    subject: str | None = Field(
        description="项目以外的公开对象 | What it is about besides a project."
    )
    item_code: str
    url: str
    first_seen_at: AwareDatetime
    withdrawn_at: AwareDatetime


class PublicationTakenBack(UnitEvent):
    """此前找到的网页不再认定为某项公开义务的公开：以现在所知，它可能属于另一项义务，须由人核对。
    A page that was found is not taken for a duty's publication any more: by what is known now it
    may be of another one, which a person has to say. What was published of it before, a verdict in
    time as well, is as if it had not been found.
    """

    type: ClassVar[str] = "projects.publication.taken_back.v1"

    duty_id: UUID
    project_code: str = Field(
        description="项目代码；不属于项目的为空串，见 subject"
        " | The project; empty where it is about none: then `subject` says what it is about."
    )
    subject: str | None = Field(
        description="项目以外的公开对象 | What it is about besides a project."
    )
    item_code: str
    url: str
    first_seen_at: AwareDatetime = Field(description="当时首次看见的时间 | When it was seen first.")
    taken_back_at: AwareDatetime = Field(description="撤回认定的时间 | When it was taken back.")
