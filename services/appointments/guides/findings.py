"""What is missing or does not fit in the data of an item and its guide, each named in words. Pure.

What contradicts itself within the item is refused when it is put (`rules.inconsistencies`); here is
also what only the guide shows, and what is not there yet. Sources: DOMAIN g.2 (local practice),
行政许可法 art. 42 (limits), 优化营商环境条例 art. 35 (guides complete and standard).
"""

from collections.abc import Iterator
from typing import NamedTuple

from services.appointments.guides import rules
from services.appointments.guides.models import CaseKind, OnlineDepth
from services.appointments.guides.schemas import Finding, GuideContent, ItemTerms, Material
from shared.errors import Text

_RESULT_WORDS = (("批复", "reply"), ("证", "certificate"), ("文", "document"))
_ONLINE = (OnlineDepth.ACCEPTANCE, OnlineDepth.END_TO_END)


class Fault(NamedTuple):
    """`pointer` is below /item or /guide."""

    pointer: str
    text: Text
    contradicts: bool = True


def findings(terms: ItemTerms, content: GuideContent | None, *, halls: int) -> list[Finding]:
    """All that is to be put right, contradictions first; `halls` is how many offer the item."""
    found = [*_in_item(terms, halls), *_missing_in_item(terms)]
    if content is None:
        found.append(Fault("/guide", Text("尚未发布办事指南", "No guide is published"), False))
    else:
        found += [*_in_guide(terms, content), *_missing_in_guide(content)]
        for place, material in enumerate(content.materials):
            found += _in_material(f"/guide/materials/{place}", material)
    return [_finding(one) for one in sorted(found, key=lambda one: not one.contradicts)]


def contradiction(pointer: str, text: Text) -> Finding:
    """What rules out that the data are stored."""
    return _finding(Fault(pointer, text))


def _finding(fault: Fault) -> Finding:
    return Finding(
        kind="contradiction" if fault.contradicts else "missing",
        pointer=fault.pointer,
        detail_zh=fault.text.zh,
        detail_en=fault.text.en,
    )


def _in_item(terms: ItemTerms, halls: int) -> Iterator[Fault]:
    for name, text in rules.inconsistencies(terms):
        yield Fault(f"/item/{name}", text)
    yield from _about_limits(terms)
    yield from _about_ways(terms)
    if terms.visits_needed > 0 and not halls:
        yield Fault(
            "/item/visits_needed",
            Text("须到现场，但没有大厅办理", "One has to come, but no hall offers it"),
        )


def _about_limits(terms: ItemTerms) -> Iterator[Fault]:
    if terms.case_kind is CaseKind.INSTANT and terms.promised_limit:
        yield Fault(
            "/item/promised_limit",
            Text("即办件当场办结，不应另有承诺时限", "Done on the spot, yet it promises a limit"),
        )
    both = terms.legal_limit is not None and terms.promised_limit is not None
    if both and terms.legal_limit_unit is not terms.promised_limit_unit:
        yield Fault(
            "/item/promised_limit_unit",
            Text(
                "法定与承诺时限单位不同，无法比较",
                "The limits have different units and cannot be compared",
            ),
        )


def _about_ways(terms: ItemTerms) -> Iterator[Fault]:
    forms = terms.handling_forms
    if not forms:
        return
    if terms.visits_needed > 0 and "window" not in forms:
        yield Fault(
            "/item/handling_forms",
            Text(
                "须到现场，办理形式却没有窗口", "One has to come, but no window is among the ways"
            ),
        )
    if terms.online_depth in _ONLINE and not {"computer", "mobile"} & set(forms):
        yield Fault(
            "/item/handling_forms",
            Text(
                "可网上受理，办理形式却没有电脑或移动端",
                "Accepted online, but neither computer nor mobile is among the ways",
            ),
        )
    if terms.by_post is not ("post" in forms):
        yield Fault(
            "/item/handling_forms",
            Text("办理形式与是否支持快递不一致", "The ways and the flag for post do not agree"),
        )


def _missing_in_item(terms: ItemTerms) -> Iterator[Fault]:
    if terms.case_kind is CaseKind.PROMISED and terms.legal_limit is None:
        yield Fault(
            "/item/legal_limit",
            Text("承诺件没有写法定时限", "A promised case without its limit by law"),
            False,
        )
    for name, text in (
        ("authority_name", Text("没有写实施主体", "The authority is not named")),
        ("exercise_levels", Text("没有写行使层级", "The levels of exercise are not given")),
        ("handling_forms", Text("没有写办理形式", "The ways to apply are not given")),
        ("result_kind", Text("没有写结果类型", "The kind of result is not given")),
    ):
        if not getattr(terms, name):
            yield Fault(f"/item/{name}", text, False)


def _in_guide(terms: ItemTerms, content: GuideContent) -> Iterator[Fault]:
    papers = [one for one in content.materials if one.form != "electronic" and one.required]
    if terms.visits_needed == 0 and papers and not terms.by_post:
        yield Fault(
            "/guide/materials",
            Text(
                "不到现场又不收快递，却要求纸质材料",
                "No visit and no post, yet papers are asked for",
            ),
        )
    required = [one for one in content.materials if one.required]
    if required and all(one.may_follow for one in required):
        yield Fault(
            "/guide/materials",
            Text("必要材料全部可容缺，没有主要材料", "All that is required may follow later"),
        )
    for place, name in enumerate(content.results):
        kind = next((kind for word, kind in _RESULT_WORDS if name.endswith(word)), None)
        if kind and terms.result_kind and kind != terms.result_kind:
            yield Fault(
                f"/guide/results/{place}",
                Text("结果名称与结果类型不一致", "Its name and the kind of result do not agree"),
            )


def _missing_in_guide(content: GuideContent) -> Iterator[Fault]:
    for name, text in (
        ("basis", Text("没有写设定依据", "The rules of law are not given")),
        ("conditions", Text("没有写受理条件", "The conditions are not given")),
        ("results", Text("没有写办理结果", "What one gets is not given")),
        ("consultation", Text("没有写咨询方式", "Where to ask is not given")),
        ("complaints", Text("没有写监督投诉方式", "Where to complain is not given")),
        ("remedies", Text("没有写救济途径", "The remedies are not given")),
    ):
        if not getattr(content, name):
            yield Fault(f"/guide/{name}", text, False)
    for place, fee in enumerate(content.fees):
        if not fee.basis:
            yield Fault(
                f"/guide/fees/{place}/basis",
                Text("收费没有写依据", "A fee without what it rests on"),
                False,
            )


def _in_material(pointer: str, material: Material) -> Iterator[Fault]:
    if not material.source:
        yield Fault(
            f"{pointer}/source", Text("材料没有写来源渠道", "A material without its source"), False
        )
    if material.kind == "form" and material.blank_form is None:
        yield Fault(
            f"{pointer}/blank_form",
            Text("申请表没有空白表", "A form without where the blank one is"),
            False,
        )
    if material.copies == 0 and material.form != "electronic":
        yield Fault(
            f"{pointer}/copies",
            Text("纸质材料的份数为零", "A paper of which no copy is asked for"),
        )
