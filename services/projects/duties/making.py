"""Which clock an item has, and the duty that an event makes by it. Pure."""

from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from services.projects.calendar.clocks import ClockRule, as_data, ends, from_data
from services.projects.calendar.models import RuleKind
from services.projects.calendar.rules import Due, due_of
from services.projects.catalogue.models import (
    CatalogueItem,
    DisclosureLimitUnit,
    DutyKind,
    LicenceClass,
)
from services.projects.duties.models import Duty, Hold, TriggerEvent
from shared.errors import Invalid, Text
from shared.workdays import Workdays

BACKSTOP_WD = 20
"""What 及时 ("promptly") means at the latest: the general limit (政府信息公开条例 art. 26)."""


def rule_of(item: CatalogueItem) -> tuple[ClockRule, int | None]:
    """The item's clock, and the shorter limit to report beside it where its class is unconfirmed.

    Licences and penalties have 7 working days (国办发〔2017〕94号); where the legal class of an
    approval is not confirmed, the general limit decides and the shorter one is only reported.
    """
    short = item.short_limit_wd
    confirmed = item.licence is LicenceClass.YES and item.licence_verified
    possible = short and item.licence is not LicenceClass.NO and not confirmed
    if item.clock is not None:
        return from_data(item.clock), short if possible else None
    match item.duty_kind:
        case DutyKind.DEADLINE if item.limit_unit is DisclosureLimitUnit.CALENDAR_DAYS:
            return ClockRule(RuleKind.CALENDAR_DAYS, item.limit_value or 0), None
        case DutyKind.DEADLINE:
            n = item.limit_value or 0
            if short and confirmed:
                return ClockRule(RuleKind.WORKING_DAYS, min(n, short)), None
            return ClockRule(RuleKind.WORKING_DAYS, n), short if possible else None
        case DutyKind.ASAP:
            return ClockRule(RuleKind.PROMPTLY, BACKSTOP_WD), None
        case DutyKind.REALTIME:
            return ClockRule(RuleKind.REALTIME), None
        case DutyKind.ANNUAL:
            return ClockRule(RuleKind.FIXED_DATE, month_day=item.month_day), None
        case _:
            return ClockRule(RuleKind.NONE), None


_FOLLOWS_NOTHING = Text(
    "这一事项的期限不随另一项公开义务起算，请不要填写",
    "The clock of this item does not begin with another duty; please leave that out",
)


def let_follow(duty: Duty, leader: UUID | None) -> None:
    """Its clock begins on the day that one is published. Raises Invalid for a clock that does not:
    nobody puts a limit of their own back by naming what comes late."""
    if leader is not None and duty.rule_kind is not RuleKind.SAME_TIME_AS:
        raise Invalid(_FOLLOWS_NOTHING, pointer="/body/with_duty_id")
    duty.follows_id = leader


WHOLE_BY_KIND = (
    *(RuleKind.WORKING_DAYS, RuleKind.CALENDAR_DAYS, RuleKind.REALTIME, RuleKind.PROMPTLY),
    RuleKind.NONE,
)
"""Kinds of which a duty keeps kind and number alone, unless something goes with them."""


def new_duty(
    trigger: TriggerEvent,
    item: CatalogueItem,
    calendar: Workdays,
    calendar_version: int,
    now: datetime,
) -> Duty:
    """The duty that follows from an event, with its clock as ordinals."""
    rule, short_n = rule_of(item)
    duty = Duty(
        trigger_id=trigger.id,
        project_code=trigger.project_code,
        subject=trigger.subject,
        unit_code=trigger.unit_code,
        item_id=item.id,
        item_code=item.item_code,
        formed_on=trigger.occurred_on,
        doc_no=trigger.doc_no,
        rule_kind=rule.kind,
        rule_n=rule.n or None,
        short_n=short_n,
        rule_version=item.version,
        calendar_version=calendar_version,
        hold=Hold.NOT_APPLICABLE if item.not_auditable else Hold.NONE,
        hold_reason=item.not_auditable,
        created_at=now,
    )
    is_whole = rule.kind in WHOLE_BY_KIND and not rule.stricter_of and rule.keep is None
    if not is_whole or not rule.roll_forward:
        duty.rule = as_data(rule)
    for name, value in dated(duty, trigger.occurred_on, calendar).items():
        setattr(duty, name, value)
    return duty


def dated(duty: Duty, formed_on: date | None, calendar: Workdays) -> dict[str, Any]:
    """The columns of the duty's clock where it begins on `formed_on`."""
    rule = rule_of_duty(duty)
    found = [] if formed_on is None else ends(rule, formed_on)
    end = Due("working", None, None) if formed_on is None else due_of(found, formed_on, calendar)
    is_kept = duty.rule is not None and formed_on is not None
    return {
        "formed_on": formed_on,
        "basis": end.basis,
        "start_ord": end.start_ord,
        "due_ord": None if end.due_ord is None else end.due_ord + (duty.extended_by or 0),
        "ends": [[each.on.isoformat(), each.n, each.counts] for each in found] if is_kept else None,
    }


class HasRule(Protocol):
    """A duty, or the columns of one."""

    @property
    def rule_kind(self) -> RuleKind: ...
    @property
    def rule_n(self) -> int | None: ...
    @property
    def rule(self) -> dict[str, Any] | None: ...


def rule_of_duty(duty: HasRule) -> ClockRule:
    """The clock that runs for a duty."""
    if duty.rule is not None:
        return from_data(duty.rule)
    return ClockRule(RuleKind(duty.rule_kind), duty.rule_n or 0)
