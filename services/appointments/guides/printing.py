"""The guide as a page to print and hand out: plain HTML, no scripts, nothing from elsewhere."""

from collections.abc import Iterator
from typing import Any

from services.appointments.guides.models import CaseKind, LimitUnit
from services.appointments.guides.schemas import GuideHall, GuideView, ItemView, Material, Step
from shared.web.templates import templates_of

_UNITS = {LimitUnit.WORKDAYS: "个工作日", LimitUnit.DAYS: "天", LimitUnit.HOURS: "小时"}
_FORMS = {
    "original": "原件",
    "copy": "复印件",
    "electronic": "电子件",
    "original_and_copy": "原件及复印件",
}
_LEVELS = {
    "national": "国家级",
    "province": "省级",
    "city": "市级",
    "county": "县级",
    "town": "镇（街道）级",
    "village": "村（社区）级",
    "shared": "分级",
}
_WAYS = {"window": "窗口", "computer": "电脑", "mobile": "移动端", "post": "快递", "other": "其他"}
_SCOPES = {
    "national": "全国通办",
    "interprovincial": "跨省通办",
    "province": "全省通办",
    "city": "全市通办",
    "county": "全县通办",
    "local": "仅在属地办理",
}
_CHANNELS = {"either": "", "online": "线上", "onsite": "线下"}
_DAYS = "〇一二三四五六日"

_TEMPLATES = templates_of("appointments")


def html(guide: GuideView) -> str:
    """The whole page, Chinese with the English names."""
    item, content = guide.item, guide.content
    return _TEMPLATES.get_template("guide.html").render(
        item=item,
        content=content,
        facts=_facts(item),
        materials=[_material(material) for material in content.materials],
        steps=[_with(step.name, _step_note(step)) for step in content.steps],
        fees=[f"{fee.name}：{fee.amount}{_in(fee.basis)}" for fee in content.fees],
        contacts=[line for line in (content.consultation, content.complaints) if line],
        version=guide.version,
        valid_from=guide.valid_from.isoformat(),
        in_force=guide.in_force,
        halls=[_hall(hall) for hall in guide.halls],
    )


def _facts(item: ItemView) -> list[tuple[str, str]]:
    """What the item is like: the name of each line, and its value."""
    kind = "即办件 on the spot" if item.case_kind is CaseKind.INSTANT else "承诺件 promised"
    return [
        ("业务类别 Group", item.group),
        ("办件类型 Kind", kind),
        ("法定时限 Statutory limit", _limit(item.legal_limit, item.legal_limit_unit)),
        ("承诺时限 Promised limit", _limit(item.promised_limit, item.promised_limit_unit)),
        ("到现场次数 Visits", f"{item.visits_needed}{_in(item.visits_reason)}"),
        ("预约 By appointment", _yes(item.by_appointment)),
        ("自助办理 Self-service", _yes(item.self_service)),
        ("窗口时长 At the window", f"约 {item.standard_minutes} 分钟"),
        *_elements(item),
    ]


def _elements(item: ItemView) -> Iterator[tuple[str, str]]:
    """What is known of the other elements; what nobody has filled in is not printed."""
    named = (
        ("实施主体 Authority", _with(item.authority_name or "", item.delegated_by or "")),
        ("行使层级 Levels", "、".join(_LEVELS[one] for one in item.exercise_levels)),
        ("办理形式 Ways", "、".join(_WAYS[one] for one in item.handling_forms)),
        ("通办范围 Elsewhere", _SCOPES[item.service_scope] if item.service_scope else ""),
        ("联办机构 Taking part", "、".join(item.joint_agencies)),
        ("中介服务 Intermediaries", "、".join(item.intermediary_services)),
        ("数量限制 Numbers", item.quantity_limit),
        ("时限说明 Limits", "；".join(filter(None, _limit_notes(item)))),
    )
    yield from (line for line in named if line[1])
    if item.online_payment is not None:
        yield "网上支付 Online payment", _yes(item.online_payment)


def _limit_notes(item: ItemView) -> tuple[str, str]:
    return item.legal_limit_note, item.promised_limit_note


def _hall(hall: GuideHall) -> dict[str, Any]:
    """Where, when and by which number; a number of one service says so."""
    phones = [hall.phone] if hall.phone else []
    for one in hall.contacts:
        phones.append(_with(one["phone"], " ".join(filter(None, (one["service"], one["hours"])))))
    return {
        "name": _with(hall.name, hall.name_en or ""),
        "address": hall.address,
        "hours": [_hours(one) for one in hall.opening_hours],
        "phones": phones,
    }


def _hours(hours: dict[str, Any]) -> str:
    opens, closes = (str(hours[name])[:5] for name in ("opens", "closes"))
    times = "全天" if opens == closes == "00:00" else f"{opens}–{_end(closes)}"
    return f"{_weekdays(sorted(hours['weekdays']))} {times}"


def _end(closes: str) -> str:
    return "24:00" if closes == "00:00" else closes


def _weekdays(days: list[int]) -> str:
    if days == list(range(1, 8)):
        return "每天"
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"周{_DAYS[days[0]]}至周{_DAYS[days[-1]]}"
    return "、".join(f"周{_DAYS[day]}" for day in days)


def _step_note(step: Step) -> str:
    return "，".join(filter(None, (_CHANNELS[step.channel], step.note)))


def _material(material: Material) -> dict[str, Any]:
    notes = [
        *(["按情形提供"] if not material.required else []),
        *(["可容缺后补"] if material.may_follow else []),
        *([material.note] if material.note else []),
        *([f"规格：{material.specification}"] if material.specification else []),
        *([f"填写：{material.filling_notes}"] if material.filling_notes else []),
        *([f"受理标准：{material.acceptance}"] if material.acceptance else []),
        *([f"依据：{material.basis}"] if material.basis else []),
    ]
    return {
        "name": _with(material.name, material.name_en or ""),
        "form": _FORMS[material.form],
        "copies": material.copies,
        "source": material.source,
        "notes": "；".join(notes),
        "links": [
            (name, link)
            for name, link in (("空白表", material.blank_form), ("样表", material.sample))
            if link
        ],
    }


def _limit(number: int | None, unit: LimitUnit | None) -> str:
    return "—" if number is None or unit is None else f"{number} {_UNITS[unit]}"


def _with(name: str, note: str) -> str:
    return f"{name}（{note}）" if note else name


def _in(note: str) -> str:
    return f"（{note}）" if note else ""


def _yes(true: bool) -> str:
    return "支持 yes" if true else "不支持 no"
