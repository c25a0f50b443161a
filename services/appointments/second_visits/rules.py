"""What a report on second visits says: reasons, what would end them, and its digest. Pure."""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from services.appointments.guides.models import OnlineDepth
from services.appointments.second_visits.models import SecondVisitReport
from services.appointments.second_visits.schemas import (
    ReportBasis,
    SecondVisitItem,
    SecondVisitReason,
)
from shared.errors import Conflict, Text, counted
from shared.web.models import Words

FEW = 3
"""Words of a clerk that fewer tickets share may say who it was: they are shown together."""
OTHER = "其他"
METHOD = Words(
    zh="“要再来”指办结结果为“需补正”的号票；原因为窗口一次告知时登记的所缺材料，一张号可有几项。"
    "被撤销的操作不计。没有留下身份的人再来时无法认出，因此只数“要再来”，不数“又来了”。",
    en="“Has to come again” is a ticket finished with more needed; the reasons are the papers that"
    " the window wrote down as missing, several a ticket. What was undone does not count. Who left"
    " no identity is not recognised when they come again, so that only “has to” is counted.",
)
SOURCES = Words(
    zh="大厅事件记录的每日汇总（与事件记录核对一致）、号票上登记的所缺材料、办事指南、容缺受理登记。",
    en="The kept sums of the hall's event log (proven against it), what tickets say was missing,"
    " the guides, and the promises of papers that follow.",
)
_ISSUED = re.compile(r"部门|机关|政府")
_NUMBERS = re.compile(r"[0-9Xx]{5,}")
_ONLINE = (OnlineDepth.ACCEPTANCE, OnlineDepth.END_TO_END)


class AlreadySigned(Conflict):
    type = "/problems/report-already-signed"
    title = Text(
        "这个期间已有签发的报告", "There is a signed report on this hall and period already"
    )
    advice = Text("请先撤回原报告，再签发新的", "Please withdraw that one first")


class GuideMaterial(NamedTuple):
    """A material of the guide in force."""

    name: str
    source: str
    may_follow: bool


class CountedItem(NamedTuple):
    """An item with what was counted of it, and what its guide says."""

    code: str
    name: str
    department_code: str
    department_name: str | None
    visits_needed: int
    visits_reason: str
    online_depth: OnlineDepth
    by_post: bool
    guide_version: int
    materials: Sequence[GuideMaterial]
    missing: Mapping[str | None, int]
    """What was missing, in how many tickets; None: nothing was written down."""
    deferred: int


class FinishedTickets(NamedTuple):
    """Finished tickets of an item."""

    served: int
    needs_more: int


def report_item(item: CountedItem, finished: FinishedTickets) -> SecondVisitItem:
    """What the report says of an item."""
    reasons = list(_reasons(item))
    return SecondVisitItem(
        item_code=item.code,
        item_name=item.name,
        department_code=item.department_code,
        department_name=item.department_name,
        visits_needed=item.visits_needed,
        visits_reason=item.visits_reason,
        guide_version=item.guide_version,
        finished=finished.served,
        second_visits=finished.needs_more,
        share=share(finished.needs_more, finished.served),
        deferred=item.deferred,
        reasons=reasons,
        remedies=[Words.of(one) for one in _remedies(item, reasons)],
    )


def share(part: int, whole: int) -> float | None:
    """None of nothing."""
    return round(part / whole, 4) if whole else None


def needs_a_second(item: CountedItem, finished: FinishedTickets) -> bool:
    """Whether somebody had to come again, or everybody has to by what is registered."""
    return finished.needs_more > 0 or item.visits_needed > 1


def _reasons(item: CountedItem) -> Iterator[SecondVisitReason]:
    """Papers of the guide under its names; other words as they are, where several tickets have
    them; the most frequent first."""
    known: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for text, count in item.missing.items():
        material = text and _material(text, item.materials)
        if material:
            known[material] += count
        else:
            others[_hidden(text) if text else OTHER] += count
    rare = sum(count for text, count in others.items() if count < FEW or text == OTHER)
    shown = {text: n for text, n in others.items() if n >= FEW and text != OTHER}
    for text, count in sorted({**known, **shown}.items(), key=lambda one: (-one[1], one[0])):
        yield SecondVisitReason(text=text, count=count, material=text if text in known else None)
    if rare:
        yield SecondVisitReason(text=OTHER, count=rare, material=None)


def _material(text: str, materials: Iterable[GuideMaterial]) -> str | None:
    plain = _plain(text)
    for material in materials:
        name = _plain(material.name)
        if name == plain or (len(plain) > 1 and (plain in name or name in plain)):
            return material.name
    return None


def _plain(text: str) -> str:
    return re.sub(r"[\s，。、（）()《》“”]", "", unicodedata.normalize("NFKC", text)).lower()


def _hidden(text: str) -> str:
    """Without what may be a number of a person: an ID card, a telephone, an account."""
    return _NUMBERS.sub("…", unicodedata.normalize("NFKC", text).strip())


def _remedies(item: CountedItem, reasons: Iterable[SecondVisitReason]) -> Iterator[Text]:
    """What would end second visits, by what is known of the item and its reasons."""
    by_name = {material.name: material for material in item.materials}
    for reason in reasons:
        if reason.text != OTHER:
            yield _remedy(reason.text, by_name.get(reason.material or ""))
    if item.visits_needed > 1:
        yield Text(
            f"按登记须到场 {item.visits_needed} 次（{item.visits_reason}）：合并环节，或寄送结果",
            f"{counted(item.visits_needed, 'visit')} needed, as registered: join the steps,"
            " or send the result by post",
        )
    if item.missing and item.online_depth in _ONLINE:
        yield Text("补正材料在网上提交，不必再来", "Let what is missing be handed in online")
    elif item.missing and item.by_post:
        yield Text("补正材料可以寄来，不必再来", "Let what is missing be sent by post")


def _remedy(text: str, material: GuideMaterial | None) -> Text:
    if material is None:
        return Text(
            f"“{text}”不在现行指南中：写进指南，或不再要求",
            f"“{text}” is not in the guide: put it there, or ask for it no more",
        )
    if material.may_follow:
        return Text(
            f"“{text}”可以容缺：当场受理，限期补交",
            f"“{text}” may follow: take the matter up at once, against a promise",
        )
    if _ISSUED.search(material.source):
        return Text(
            f"“{text}”来自{material.source}：由窗口核验共享数据，不再要求提交",
            f"“{text}” comes from an authority: let the window look it up, and ask for it no more",
        )
    return Text(
        f"“{text}”：预约时提醒，到场前预审",
        f"“{text}”: remind of it with the appointment, and check it before the visit",
    )


def number(report: SecondVisitReport) -> str:
    """The report's number: hall, year and serial."""
    return f"{report.hall_code}-{report.year}-{report.serial:03d}"


def digest(report: SecondVisitReport, signed: Mapping[str, Any]) -> str:
    """SHA-256 of what is signed, as canonical JSON: all that the printed page shows."""
    whole = {
        "number": number(report),
        "edition": report.edition,
        "content": report.content,
        "measures": report.measures,
        "signed_by": signed["signed_by"],
        "signed_at": signed["signed_at"].isoformat(),
    }
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def basis(made_at: Any, through_seq: int) -> ReportBasis:
    """What the report rests on."""
    return ReportBasis(made_at=made_at, through_seq=through_seq, sources=SOURCES, method=METHOD)
