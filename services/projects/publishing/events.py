from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import UnitEvent


class PublicationReleased(UnitEvent):
    """公开主体登记：一份信息已经发布。是否真在网上，由采集核实。
    A unit registered that a document is out. Whether it is online is verified by the collector.
    """

    type: ClassVar[str] = "projects.publication.released.v1"

    release_id: UUID
    project_code: str | None
    item_code: str
    duty_id: UUID | None
    register_no: str | None = Field(
        description="登记备案号；由其他系统报送的没有 | The registration number; none of a push."
    )
    url: str | None = Field(
        description="第一处网址；不在网上的为空 | The first address; null where it has none."
    )
    claimed_at: AwareDatetime = Field(
        description="自称的发布时间，真假不论 | When it went out by the unit's word, true or not."
    )
    released_at: AwareDatetime = Field(
        description="我方得知的时间 | When we were told, by our own clock."
    )
    is_contradicted: bool = Field(
        description="自称的时间是否早于我方得知之日，须由人核对"
        " | Whether the claimed time is before the day on which we were told: a person looks."
    )
