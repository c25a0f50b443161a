"""The board of sources as the API shows it."""

from uuid import UUID

from pydantic import AwareDatetime, Field

from services.projects.portals.models import PortalHealth
from services.projects.reading.faults import Fault
from shared.web.models import View, Words


class StateTally(View):
    """How many portals are in a state."""

    health: PortalHealth
    words: Words
    portals: int = Field(description="栏目数 | How many portals.")
    units: int = Field(description="涉及的单位数 | Of how many units.")


class FaultTally(View):
    """How many portals cannot be read by a class of error, and since when the first of them."""

    fault: Fault
    words: Words
    advice: Words = Field(description="怎么办 | What to do.")
    portals: int = Field(description="栏目数 | How many portals.")
    units: int = Field(description="涉及的单位数 | Of how many units.")
    since: AwareDatetime = Field(description="最早自何时起 | Since when the first of them.")


class HostBehindView(View):
    """A host on which more is to be read than its pace allows, or that nobody reads."""

    host: str = Field(description="网站主机 | The host.")
    portals: int = Field(description="该主机上的栏目数 | How many portals stand on it.")
    behind: int = Field(description="超过一天未轮到的栏目数 | How many wait for over a day.")
    since: AwareDatetime = Field(description="最早一个应于何时读取 | When the first was due.")


class WaitingDuty(View):
    """A duty that cannot be judged as long as the portal is not read."""

    duty_id: UUID
    project_code: str | None
    subject: str | None = Field(
        description="项目以外的公开对象 | What it is about besides a project."
    )
    item_code: str


class SourceView(View):
    """A portal, since when it is so, when it was last read, and what waits for it."""

    portal_id: str
    name: str
    unit_code: str
    unit_name: str
    host: str = Field(description="网站主机 | The host.")
    health: PortalHealth
    fault: Fault | None
    words: Words
    since: AwareDatetime = Field(description="自何时起如此 | Since when it is so.")
    read_at: AwareDatetime | None = Field(
        description="最近一次读完的时间 | When it was last read to the end of what was asked."
    )
    run_id: UUID | None = Field(
        description="读完的那一次采集，其记录列出读不到的网页"
        " | The run that read it then, which names the pages that could not be read."
    )
    unproven_since: AwareDatetime | None = Field(
        description="能抓取但长期不能证明“未公开”的，自何时起；其余为空"
        " | Of one that can be read and proves no absence, since when; else null."
    )
    walked_at: AwareDatetime | None = Field(
        description="最近一次完整核查的开始时间 | Start of the last full walk without gaps."
    )
    proven_at: AwareDatetime | None = Field(
        description="最近一次可证明未公开的核查的开始时间 | Start of the last walk that is a proof."
    )
    next_run_at: AwareDatetime
    waiting_duties: int = Field(
        description="该单位因来源无法访问而不能判定的义务数，不计入该单位"
        " | How many duties of its unit cannot be judged; never held against it."
    )
    duties: list[WaitingDuty] = Field(
        description="其中前二十项；全部见该单位结论为 unknown_source_down 的义务"
        " | The first twenty; all are the unit's duties of the verdict `unknown_source_down`."
    )


class SourceBoard(View):
    """All sources: how many can be read, and those that need somebody, the longest first."""

    as_of: AwareDatetime
    states: list[StateTally]
    switched_off: int = Field(description="已停用的栏目数 | How many portals are switched off.")
    unproven: int = Field(
        description="能抓取但两周以上未能证明“未公开”的栏目数，所属单位因此不会被判逾期"
        " | How many can be read and have proven no absence for two weeks or more, so that their"
        " units are called overdue in nothing."
    )
    faults: list[FaultTally]
    waiting_duties: int = Field(
        description="因来源无法访问而不能判定的义务总数 | How many duties cannot be judged by it."
    )
    behind: list[HostBehindView] = Field(
        description="轮不过来的主机 | Hosts whose portals wait for over a day."
    )
    items: list[SourceView]
    next_cursor: str | None
