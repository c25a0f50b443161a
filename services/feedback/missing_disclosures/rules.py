"""How an answer of the auditors is said to whoever wrote. Pure."""

from datetime import date

from services.feedback.missing_disclosures.models import DisclosureAnswer
from shared import clock
from shared.errors import Text

_STILL_OPEN = Text("正在核查", "It is being looked into")


def sentence(row: DisclosureAnswer) -> Text:
    """One sentence that a reply may contain as it is; what is not known is not said."""
    by_zh = f"（{row.document}）" if row.document else ""
    by_en = f" ({row.document})" if row.document else ""
    due_zh = f"，应于{_day(row.due_on)}前公开" if row.due_on else ""
    due_en = f"; it is to be published by {row.due_on}" if row.due_on else ""
    match row.answer:
        case "published":
            return _published(row)
        case "not_due":
            return Text(f"公开期限未到{due_zh}", f"It is not due yet{due_en}")
        case "overdue":
            return Text(f"逾期未公开{due_zh}，已列入监察", f"It is overdue{due_en}")
        case "ordered":
            zh, en = f"已责令公开{by_zh}{due_zh}", f"Its publication was ordered{by_en}{due_en}"
            return Text(zh, en)
        case "not_owed":
            return Text(f"不属于应当公开的信息{by_zh}", f"Nobody has to publish it{by_en}")
    return _STILL_OPEN


def _published(row: DisclosureAnswer) -> Text:
    at_zh = at_en = ""
    if row.published_at is not None:
        on = clock.today(row.published_at)
        at_zh, at_en = f"于{_day(on)}", f" on {on}"
    where_zh, where_en = (f"：{row.url}", f": {row.url}") if row.url else ("", "")
    return Text(f"已{at_zh}公开{where_zh}", f"Published{at_en}{where_en}")


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
