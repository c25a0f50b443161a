"""The public page of a project: its phases as a picture, and what each owes. No scripts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from services.projects.auditing.models import Verdict
from services.projects.auditing.rules.scoring import LIGHT_OF, NOT_YET_DUE, OUTSIDE, Light
from services.projects.opendata import rules
from services.projects.opendata.facts import PublicDuty
from services.projects.opendata.service import ProjectLifeLine
from services.projects.register.models import Phase
from services.projects.reports.rules.wording import (
    LIGHT_COLOURS,
    LIGHTS,
    PHASES,
    TRUST,
    VERDICT_NAMES,
)
from shared import clock
from shared.errors import Text
from shared.web.templates import templates_of

BAR = 216
"""The width of a phase's bar."""
_OTHERS = Text("其他事项", "other items")
_TEMPLATES = templates_of("projects")


class BarPart(NamedTuple):
    """A part of a phase's bar: so many duties of one light."""

    x: float
    width: float
    colour: str
    light: Light
    n: int


class PhaseDuties(NamedTuple):
    """A phase of the project with what it owes; the last one is of no phase."""

    name: Text
    is_present: bool
    duties: Sequence[PublicDuty]

    @property
    def published(self) -> int:
        return sum(duty.first_seen_at is not None for duty in self.duties)

    @property
    def parts(self) -> Iterator[BarPart]:
        """Its bar, a part a light; nothing where it owes nothing."""
        lights, x = Counter(LIGHT_OF[duty.verdict] for duty in self.duties), 0.0
        for light, colour in ((each, LIGHT_COLOURS[each]) for each in Light):
            if n := lights[light]:
                width = BAR * n / len(self.duties)
                yield BarPart(x, width, colour, light, n)
                x += width


_TEMPLATE = "project.html"


def life_page(life: ProjectLifeLine, now: datetime) -> str:
    """The whole page, without anything from outside."""
    return _TEMPLATES.get_template(_TEMPLATE).render(
        project=life.project,
        phases=phases(life),
        summary=summary(life.duties),
        is_cut=life.is_cut,
        as_of=clock.today(now),
        head_number=None,
        lights=LIGHTS,
        light_of=LIGHT_OF,
        verdicts=VERDICT_NAMES,
        published_at=rules.published_at,
        trust=TRUST,
        day=clock.today,
    )


def phases(life: ProjectLifeLine) -> list[PhaseDuties]:
    """The phases in their order, also those that owe nothing; what is of none comes last."""
    made = [
        PhaseDuties(PHASES[phase], life.project.phase is phase, [*_of(life, phase)])
        for phase in Phase
    ]
    others = [*_of(life, None)]
    return [*made, PhaseDuties(_OTHERS, False, others)] if others else made


def _of(life: ProjectLifeLine, phase: Phase | None) -> Iterator[PublicDuty]:
    return (duty for duty in life.duties if life.phase_of(duty.item_code) is phase)


def summary(duties: Sequence[PublicDuty]) -> Text:
    """In one sentence how it stands: what is online, what is missing, what lies ahead."""
    if not duties:
        return Text(
            "这个项目还没有登记应公开的事项。", "Nothing is registered yet that must be published."
        )
    seen = sum(duty.first_seen_at is not None for duty in duties)
    late = sum(duty.verdict is Verdict.LATE for duty in duties)
    waiting = Counter(duty.verdict for duty in duties if duty.first_seen_at is None)
    overdue, ahead = waiting[Verdict.OVERDUE], sum(waiting[each] for each in NOT_YET_DUE)
    unclear = waiting.total() - overdue - ahead - sum(waiting[each] for each in OUTSIDE)
    zh = f"共登记 {len(duties)} 项：已公开 {seen} 项，其中逾期后才公开 {late} 项；"
    zh += f"逾期未公开 {overdue} 项，未到期 {ahead} 项，尚不明确 {unclear} 项。"
    en = f"Of {len(duties)} items {seen} are published, {late} of them late; {overdue} are overdue,"
    return Text(zh, f"{en} {ahead} are not due yet, of {unclear} it is not known.")
