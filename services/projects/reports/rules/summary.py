"""What a report says in sentences: its title, how things stand, who must act, what moved. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple, Protocol

from services.projects.reports.rules import periods, shares
from services.projects.reports.rules.shares import percent
from services.projects.reports.rules.wording import HEADINGS, LIGHTS, TITLE
from shared.errors import Text, counted

COMPARED = ("due", "on_time", "late", "overdue", "unknown")
"""The counts that are compared with the report before."""


MOST_NAMED = 5
"""So many units with a red light are named in the sentence."""


class InSeries(Protocol):
    """What has a number in the series of a year."""

    @property
    def year(self) -> int: ...
    @property
    def serial(self) -> int: ...


class Change(NamedTuple):
    """A figure of the report before, of this one, and what lies between."""

    name: Text
    before: str
    now: str
    change: str


def day(text: str) -> Text:
    """An ISO date as people write it."""
    on = date.fromisoformat(text)
    return Text(f"{on.year}年{on.month}月{on.day}日", f"{on:%-d %B %Y}")


def title(content: Mapping[str, Any]) -> Text:
    """`宁川市信息公开监察报表`."""
    city = content.get("title") or {"city": "", "city_en": ""}
    en = f"{city['city_en']}: disclosure monitoring report" if city["city_en"] else TITLE.en
    if (period := period_name(content)) is None:
        return Text(f"{city['city']}{TITLE.zh}", en)
    return Text(f"{city['city']}{period.zh}{TITLE.zh}", f"{en}, {period.en}")


def period_name(content: Mapping[str, Any]) -> Text | None:
    """`2026年第三季度`; None for the report of a day."""
    if not (period := content.get("period")):
        return None
    first, last = (date.fromisoformat(period[name]) for name in ("from_on", "to_on"))
    return periods.name(period["kind"], first, last)


def number(content: Mapping[str, Any]) -> Text | None:
    """`监察〔2026〕3号`; None for a report from before they were numbered."""
    given = content.get("title")
    if not given:
        return None
    year, serial = given["year"], given["serial"]
    return Text(f"监察〔{year}〕{serial}号", f"No. {serial} of {year}")


def signed_number(signature: InSeries) -> Text:
    """`签发〔2026〕3号`."""
    year, serial = signature.year, signature.serial
    return Text(f"签发〔{year}〕{serial}号", f"signed as No. {serial} of {year}")


def subject(content: Mapping[str, Any]) -> Text | None:
    """The fields and the period of a report."""
    given = content.get("title")
    if not given:
        return None
    fields, until = given["fields"], day(given["to"])
    named = "".join(fields[:1]) + (f"等{len(fields)}个领域" if len(fields) > 1 else "")
    if period := period_name(content):
        return Text(f"{named}　{period.zh}到期的义务", f"duties that fell due in {period.en}")
    if given["from"] is None:
        return Text(f"{named}　截至{until.zh}", f"information formed by {until.en}")
    since = day(given["from"])
    return Text(
        f"{named}　{since.zh}至{until.zh}形成的信息",
        f"information formed from {since.en} to {until.en}",
    )


def sentence(content: Mapping[str, Any]) -> Text:
    """How things stand, in one sentence with its denominators."""
    totals, until = content["totals"], day(content["as_of"])
    lights = Counter(line["light"] for line in content["units"])
    red = _named_red(content)
    shown_zh = "、".join(
        f"{lights[k]}个亮{name.zh}灯{red.zh if k == 'red' else ''}"
        for k, name in LIGHTS.items()
        if lights[k]
    )
    shown_en = ", ".join(
        f"{lights[k]} {name.en}{red.en if k == 'red' else ''}"
        for k, name in LIGHTS.items()
        if lights[k]
    )
    known, rate = totals.get("known"), percent(shares.rate(totals))
    coverage = percent(shares.coverage(totals))
    due_zh, due_en = _due_in(period_name(content))
    zh = (
        f"{due_zh}截至{until.zh}，应公开{totals['due']}项，结论已知{known}项"
        f"（覆盖率{coverage}），其中按时{totals['on_time']}项，"
        f"按时率{rate}；逾期未公开{totals['overdue']}项，逾期后公开{totals['late']}项。"
        f"{len(content['units'])}个公开主体中，{shown_zh}。"
    )
    en = (
        f"{due_en}{until.en}, {counted(totals['due'], 'duty', 'duties')} fell due and the verdict"
        f" of {known} is known (coverage {coverage}); {totals['on_time']} were "
        f"on time, a rate of {rate}; overdue {totals['overdue']}, late {totals['late']}."
        f" Lights of {counted(len(content['units']), 'unit')}: {shown_en}."
    )
    return Text(zh, en)


def _named_red(content: Mapping[str, Any]) -> Text:
    """The units with a red light, those with most that is overdue first."""
    red = [line for line in content["units"] if line["light"] == "red" and line.get("name")]
    red.sort(key=lambda line: -line["overdue"])
    if not red:
        return Text("", "")
    zh, en = ([line[name] for line in red[:MOST_NAMED]] for name in ("name", "name_en"))
    rest = Text("等", " and others") if len(red) > MOST_NAMED else Text("", "")
    return Text(f"（{'、'.join(zh)}{rest.zh}）", f" ({', '.join(en)}{rest.en})")


def _due_in(period: Text | None) -> tuple[str, str]:
    """How the sentence begins."""
    if period is None:
        return "", "By "
    return f"{period.zh}到期的公开义务，", f"Of what was to be published in {period.en}, as of "


def who_must_act(duty: Mapping[str, Any], unit: str) -> Text:
    """What the unit has to do about a duty that is over its limit."""
    if duty["verdict"] == "overdue":
        return Text(f"{unit}：立即补公开", "publish it now")
    return Text(f"{unit}：说明逾期原因", "say why it was late")


def over_by(days: int | None, by_days: bool) -> Text:
    """`5 个工作日`."""
    if days is None:
        return Text("–", "")
    kind, plural = ("日" if by_days else "个工作日"), "" if days == 1 else "s"
    return Text(f"{days} {kind}", f"{days} {'' if by_days else 'working '}day{plural}")


def changes(content: Mapping[str, Any]) -> Iterator[Change]:
    """The totals beside those of the report before."""
    before, now = content["last"]["totals"], content["totals"]
    for name in COMPARED:
        moved = now[name] - before[name]
        yield Change(
            HEADINGS[name], str(before[name]), str(now[name]), f"{moved:+d}" if moved else "0"
        )
    rates = shares.rate(before), shares.rate(now)
    if rates[0] is not None and rates[1] is not None:
        change = f"{shares.moved(rates[0], rates[1])} 个百分点 points"
        yield Change(Text("按时率", "rate"), percent(rates[0]), percent(rates[1]), change)


def moved_lights(content: Mapping[str, Any]) -> list[Text]:
    """The units whose light is another than in the report before."""
    before = content["last"]["lights"]
    return [
        Text(
            f"{line['name']}：{LIGHTS[before[line['unit']]].zh} → {LIGHTS[line['light']].zh}",
            f"{line['name_en']}: {LIGHTS[before[line['unit']]].en} → {LIGHTS[line['light']].en}",
        )
        for line in content["units"]
        if before.get(line["unit"], line["light"]) != line["light"]
    ]


def bands(policy: Mapping[str, float]) -> Text | None:
    """What the lights mean; None for a report from before they had bands."""
    if not policy:
        return None
    green, yellow = shares.bound(policy["green_from"]), shares.bound(policy["yellow_from"])
    least, share = int(policy["min_n"]), shares.bound(policy["min_coverage"])
    return Text(
        f"灯看“按时 ÷ 应公开”：绿 ● {green} 及以上，黄 ▲ {yellow} 及以上，红 ■ 不到 {yellow}；"
        f"灰 ○ 表示结论已知的不到 {least} 项或不到应公开的 {share}，无从比较，不排名。",
        f"Lights go by on time ÷ due: green ● from {green}, yellow ▲ from {yellow}, red ■ below;"
        f" grey ○ where fewer than {least} or less than {share} of those due are known, which"
        " cannot be compared and has no place.",
    )
