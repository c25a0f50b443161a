"""The guide as a page to print and hand out: plain HTML, no scripts, nothing from elsewhere."""

from typing import Any

from services.appointments.guides.models import CaseKind, LimitUnit
from services.appointments.guides.schemas import GuideView, ItemView, Material
from shared.web.templates import templates_of

_UNITS = {LimitUnit.WORKDAYS: "个工作日", LimitUnit.DAYS: "天", LimitUnit.HOURS: "小时"}
_FORMS = {
    "original": "原件",
    "copy": "复印件",
    "electronic": "电子件",
    "original_and_copy": "原件及复印件",
}


_TEMPLATES = templates_of("appointments")


def html(guide: GuideView) -> str:
    """The whole page, Chinese with the English names."""
    item, content = guide.item, guide.content
    return _TEMPLATES.get_template("guide.html").render(
        item=item,
        content=content,
        facts=_facts(item),
        materials=[_material(material) for material in content.materials],
        steps=[_with(step.name, step.note) for step in content.steps],
        fees=[f"{fee.name}：{fee.amount}{_in(fee.basis)}" for fee in content.fees],
        contacts=[line for line in (content.consultation, content.complaints) if line],
        version=guide.version,
        published=guide.published_at.strftime("%Y-%m-%d"),
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
    ]


def _material(material: Material) -> dict[str, Any]:
    notes = [
        *(["按情形提供"] if not material.required else []),
        *(["可容缺后补"] if material.may_follow else []),
        *([material.note] if material.note else []),
    ]
    return {
        "name": _with(material.name, material.name_en or ""),
        "form": _FORMS[material.form],
        "copies": material.copies,
        "source": material.source,
        "notes": "；".join(notes),
    }


def _limit(number: int | None, unit: LimitUnit | None) -> str:
    return "—" if number is None or unit is None else f"{number} {_UNITS[unit]}"


def _with(name: str, note: str) -> str:
    return f"{name}（{note}）" if note else name


def _in(note: str) -> str:
    return f"（{note}）" if note else ""


def _yes(true: bool) -> str:
    return "支持 yes" if true else "不支持 no"
