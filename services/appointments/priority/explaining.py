"""The rule of a hall's queue in five sentences, with the hall's own numbers: for its wall and for
whoever waits. Plain HTML, no scripts, nothing from elsewhere. Pure.
"""

from collections.abc import Iterable

from services.appointments.directory.models import Hall
from services.appointments.priority.models import TicketClass
from services.appointments.priority.schemas import QueuePolicyView, QueueRules
from shared.clock import SHANGHAI
from shared.errors import Text, counted
from shared.web.templates import templates_of

_T = TicketClass
_PEOPLE = {
    _T.ELDERLY: Text("{age} 岁以上的老年人", "people of {age} and over"),
    _T.PREGNANT: Text("孕妇", "expectant mothers"),
    _T.CHILD_IN_ARMS: Text("怀抱婴儿的人", "people with a child in arms"),
    _T.DISABLED: Text("残疾人", "disabled people"),
    _T.MILITARY: Text("现役和退役军人", "soldiers and veterans"),
    _T.MARTYRS_FAMILY: Text("烈士遗属", "families of martyrs"),
    _T.FIREFIGHTER: Text("消防救援人员", "firefighters"),
    _T.APPOINTMENT: Text("按时到的预约", "appointments that are on time"),
    _T.GREEN_CHANNEL: Text("绿色通道", "the green channel"),
}
"""Whoever may have a credit by what is known of them; the override is of the hall's manager."""

_TEMPLATES = templates_of("appointments")


def html(view: QueuePolicyView, hall: Hall) -> str:
    """The whole page, Chinese first and English below."""
    said = sentences(view.rules)
    decided = view.decided_at
    return _TEMPLATES.get_template("queue_rule.html").render(
        hall=hall,
        zh=[one.zh for one in said],
        en=[one.en for one in said],
        version=view.version,
        basis=view.basis,
        decided_on=decided.astimezone(SHANGHAI).date().isoformat() if decided else None,
    )


def sentences(rules: QueueRules) -> list[Text]:
    """Who is next, who waits less, how much later somebody may come and still be before you, what
    guards who has waited long, and what happens to who is not there: five, always.
    """
    return [_order(), _credits(rules), _bound(rules), _guard(rules), _missed(rules)]


def _order() -> Text:
    return Text(
        "先到先叫：您等的时间从取号起算，预约的从预约时间起算，能为您办理的窗口总是先叫等得最久的人。",
        "Whoever has waited longest is called first by a window that serves their matter: your wait"
        " counts from your ticket, or from the time of your appointment.",
    )


def _credits(rules: QueueRules) -> Text:
    groups: dict[int, list[TicketClass]] = {}
    for one in _PEOPLE:
        if minutes := rules.credits[one]:
            groups.setdefault(minutes, []).append(one)
    if not groups:
        return Text(
            "本大厅没有规定谁可以少等，人人一样。", "Nobody waits less by the rules of this hall."
        )
    late = rules.late_after_minutes
    zh = "；".join(f"{_names(groups[n], rules, 'zh')}多算 {n} 分钟" for n in sorted(groups))
    en = "; ".join(
        f"{counted(n, 'minute')} for {_names(groups[n], rules, 'en')}" for n in sorted(groups)
    )
    after_zh = f"；预约迟到超过 {late} 分钟的不再多算" if rules.credits[_T.APPOINTMENT] else ""
    after_en = (
        f" (none for who is over {counted(late, 'minute')} late)"
        if rules.credits[_T.APPOINTMENT]
        else ""
    )
    return Text(
        f"依法照顾的人和预约的人，等的时间多算一些：{zh}{after_zh}。",
        "The law and an appointment let some people's wait count for more than it is:"
        f" {en}{after_en}.",
    )


def _names(classes: Iterable[TicketClass], rules: QueueRules, language: str) -> str:
    age = rules.elderly_from_age
    named = [str(getattr(_PEOPLE[one], language)).format(age=age) for one in classes]
    return ("、" if language == "zh" else ", ").join(named)


def bound_minutes(rules: QueueRules) -> int:
    """By how much later somebody may come and still be called before who has no credit."""
    return max(*rules.credits.values(), rules.override_max_minutes)


def _bound(rules: QueueRules) -> Text:
    most, override = bound_minutes(rules), rules.override_max_minutes
    if not most:
        return Text(
            "所以比您晚来的人，不会在您的窗口排到您前面。",
            "So nobody who comes after you is called before you at a window that serves you.",
        )
    zh = f"（大厅负责人因特殊情况当场照顾，最多也只多算 {override} 分钟，并写明理由）"
    given = counted(override, "minute")
    en = f" (the hall's manager may give {given} at most, with a written reason)"
    return Text(
        f"所以不管谁优先，比您晚来超过 {most} 分钟的人，都不会在您的窗口排到您前面"
        f"{zh if override else ''}。",
        f"So whoever comes more than {counted(most, 'minute')} after you is not called before you"
        f" at a window that serves you, whatever their reason{en if override else ''}.",
    )


def _guard(rules: QueueRules) -> Text:
    after, every = rules.guard_after_minutes, rules.guard_every
    return Text(
        f"有人已经等了 {after} 分钟以上时，每叫 {every} 个号就有一个不看照顾，只叫等得最久的人。",
        f"While somebody has waited over {counted(after, 'minute')}, one in"
        f" {counted(every, 'call')} will go to whoever has waited longest, whatever their credit.",
    )


def _missed(rules: QueueRules) -> Text:
    times, gap, back = rules.recalls_max, rules.recall_gap_seconds, rules.back_within_minutes
    return Text(
        f"叫到您没有来，还会再叫，最多 {times} 次，每次至少隔 {gap} 秒；过号后 {back} 分钟内找"
        "工作人员，已等的时间算一半，接着排队。",
        "If you are not there when called, you are called again,"
        f" {counted(times, 'time')} at most and at least {counted(gap, 'second')} apart; come back"
        f" to the staff within {counted(back, 'minute')} and half of your wait still counts.",
    )
