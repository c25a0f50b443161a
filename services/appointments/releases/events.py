"""What the room publishes: ids, numbers and digests, never who is in line."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.messaging.events import Event

_COMMITMENT = "种子的 SHA-256，抽签前公布，不再变动 | SHA-256 of the seed; it stays"
_DIGEST = "参加抽签各编号的 SHA-256 | SHA-256 of the ids in the draw"
_A_SEED = "5f2d9c7a41e80b6d3a97c2f4e1085b6c9d7e3f20a1b4c5d6e7f8091a2b3c4d5e"
_ITS_COMMITMENT = "52b2974de5cee9addfef0f11616a11b9a0603efd36e705ec4968c651fbf44108"
_OF_ONE = "29e66249d54321c76909f14c09a836a1f0975f84b49d9865299bd2a1910733e1"


class ReleaseEvent(Event):
    """What every event of a release carries."""

    type: ClassVar[str] = "appointments.release.changed.v1"

    release_id: UUID
    hall_code: str
    state: str = Field(description="现在的状态 | The state that it is in now")
    version: int


class ReleaseAnnounced(ReleaseEvent):
    """公布一次抽签放号：何时可以排队、何时放号，以及种子的摘要。

    Places are to be given out in turn: from when one may join, when they are released, and the
    commitment to the seed of the draw.
    """

    type: ClassVar[str] = "appointments.release.announced.v1"

    item_codes: list[str] = Field(examples=[["PBOC-07"]])
    first_on: date
    last_on: date
    joins_from: AwareDatetime
    opens_at: AwareDatetime
    ends_at: AwareDatetime
    commitment: str = Field(description=_COMMITMENT, examples=[_ITS_COMMITMENT])


class ReleaseClosed(ReleaseEvent):
    """放号时间到，参加抽签的名单已经固定；此后加入的按先后排在后面。

    Who is in the draw is fixed; who joins from now on comes after them, by arrival.
    """

    type: ClassVar[str] = "appointments.release.closed.v1"

    commitment: str = Field(description=_COMMITMENT, examples=[_ITS_COMMITMENT])
    entry_count: int = Field(description="参加抽签的人数 | How many are in the draw")
    entries_digest: str = Field(description=_DIGEST, examples=[_OF_ONE])


class ReleaseDrawn(ReleaseClosed):
    """已经抽签，公开种子，任何人都可以重算次序；开始按次序进入。

    The draw is made and its seed is shown: anybody can compute the order again.
    """

    type: ClassVar[str] = "appointments.release.drawn.v1"

    seed: str = Field(description="抽签的种子 | The seed of the draw", examples=[_A_SEED])


class ReleaseAdvanced(ReleaseEvent):
    """排队有进展：已叫到几号，每分钟大约进几位。

    The line goes on: up to which number people are admitted, and how many a minute.
    """

    type: ClassVar[str] = "appointments.release.advanced.v1"

    called_through: int = Field(description="已叫到的号 | The highest number that is admitted")
    last_number: int = Field(description="排到的最后一个号 | The last number in line")
    per_minute: int = Field(description="每分钟进入的人数 | How many are admitted a minute")
    places_left: int = Field(description="还没有人可约的名额 | Places that nobody may book yet")
    at: AwareDatetime


class ReleaseEnded(ReleaseEvent):
    """抽签放号结束，剩余的名额人人可约。

    It is over, and what is left can be booked by everybody.
    """

    type: ClassVar[str] = "appointments.release.ended.v1"


class ReleaseWithdrawn(ReleaseEvent):
    """大厅撤销了这次抽签放号。

    The hall withdrew it.
    """

    type: ClassVar[str] = "appointments.release.withdrawn.v1"


class ReleaseEntryEvent(Event):
    """What every event of somebody in line carries."""

    type: ClassVar[str] = "appointments.release_entry.changed.v1"

    entry_id: UUID
    release_id: UUID
    hall_code: str
    state: str = Field(description="现在的状态 | The state that it is in now")
    version: int


class ReleaseEntryJoined(ReleaseEntryEvent):
    """有人加入了抽签放号的排队。

    Somebody is in line.
    """

    type: ClassVar[str] = "appointments.release_entry.joined.v1"

    is_drawn: bool = Field(description="是否参加抽签 | Whether it is in the draw")


class ReleaseEntryAdmitted(ReleaseEntryEvent):
    """轮到本人，在 `expires_at` 之前可以预约。

    It is somebody's turn: they may book until `expires_at`.
    """

    type: ClassVar[str] = "appointments.release_entry.admitted.v1"

    number: int
    expires_at: AwareDatetime


class ReleaseEntryBooked(ReleaseEntryEvent):
    """轮到的人约上了。

    Who was admitted has booked.
    """

    type: ClassVar[str] = "appointments.release_entry.booked.v1"

    appointment_id: UUID


class ReleaseEntryLapsed(ReleaseEntryEvent):
    """轮到的人没有在时限内预约，机会让给后面的人。

    Who was admitted has not booked in time; others have their turn.
    """

    type: ClassVar[str] = "appointments.release_entry.lapsed.v1"


class ReleaseEntryLeft(ReleaseEntryEvent):
    """本人退出排队。

    Somebody left the line.
    """

    type: ClassVar[str] = "appointments.release_entry.left.v1"


class ReleaseEntryDropped(ReleaseEntryEvent):
    """放号结束或撤销，不用再排。

    The release is over or withdrawn: nobody need wait any more.
    """

    type: ClassVar[str] = "appointments.release_entry.dropped.v1"
