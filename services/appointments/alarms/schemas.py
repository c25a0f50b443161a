"""Alarms as the API takes and gives them."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from services.appointments.alarms.models import AlarmKind, AlarmOutcome, AlarmState
from shared.web.models import Input, Prose, View


class AlarmIn(Input):
    """Nothing has to be said: pressing the button is enough."""

    kind: AlarmKind | None = Field(
        None, description="情况种类，来不及可不填 | What it is about; null: there is no time to say"
    )


class AlarmResolution(Prose):
    """What came of it."""

    outcome: AlarmOutcome = Field(
        description="处置结果：已平息、已报警、已叫救护车、已叫消防、误报"
        " | Settled, police, ambulance or fire brigade called, or a false alarm"
    )
    text: str | None = Field(
        None,
        min_length=2,
        max_length=1000,
        description="经过，加密保存 | What happened; kept encrypted",
    )


class AlarmView(View):
    """An alarm as the staff of the hall see it."""

    id: UUID
    hall_code: str
    window_id: UUID
    window_no: int
    kind: AlarmKind | None = Field(
        description="情况种类，未说明为空 | What it is about; null where nobody said"
    )
    state: AlarmState = Field(
        description="求助中、有人前往、已处置 | Raised, acknowledged or resolved"
    )
    level: int = Field(
        description="无人响应或未及时处置而升级的次数"
        " | How many levels it went higher because nobody answered, or ended it in time"
    )
    escalate_at: AwareDatetime | None = Field(
        description="届时仍无人响应、未处置完毕的，再升一级；不再升级为空"
        " | When it goes higher unless somebody answers, or ends it; null: no higher"
    )
    raised_by: str = Field(description="求助人的账户 | The account that raised it")
    raised_at: AwareDatetime = Field(description="求助时间 | When it was raised")
    acknowledged_by: str | None = Field(
        description="前往处置的人的账户 | The account of who is on their way"
    )
    acknowledged_at: AwareDatetime | None = Field(description="响应时间 | When somebody took it up")
    outcome: AlarmOutcome | None = Field(description="处置结果 | What came of it")
    resolved_at: AwareDatetime | None = Field(description="处置完毕时间 | When it was over")
    version: int


class AlarmDetail(AlarmView):
    """The same with what happened, in words."""

    text: str | None = Field(description="经过 | What happened")
    resolved_by: str | None = Field(
        description="登记结果的人的账户 | The account that noted what came of it"
    )
