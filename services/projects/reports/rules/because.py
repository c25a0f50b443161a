"""Which rule gives a unit its light and its place, in words. Pure."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from services.projects.reports.rules import shares
from services.projects.reports.rules.wording import LIGHTS
from shared.errors import Text


class Because(NamedTuple):
    """Why the light and why the place; None where a report is from before their rule."""

    light: Text | None
    rank: Text | None


def of(line: Mapping[str, Any], policy: Mapping[str, float]) -> Because:
    """The reasons of a line of a report under that report's policy."""
    if not policy or line.get("known") is None:
        return Because(None, None)
    if line["rank"] is None:
        return Because(_grey(line, policy), _NO_PLACE)
    return Because(_light(line, policy), _place(line))


def _grey(line: Mapping[str, Any], policy: Mapping[str, float]) -> Text:
    """Too little is known to compare the unit."""
    known, least = line["known"], int(policy["min_n"])
    if known < least:
        return Text(
            f"灰灯：结论已知 {known} 项，不到 {least} 项。",
            f"grey: the verdict of {known} is known, of fewer than {least}.",
        )
    wanted = shares.bound(policy["min_coverage"])
    share = shares.beside(Fraction(known, line["due"]), policy["min_coverage"])
    return Text(
        f"灰灯：结论已知的只占应公开的 {share}，不到 {wanted}。",
        f"grey: the verdict of {share} of those due is known, of less than {wanted}.",
    )


def _light(line: Mapping[str, Any], policy: Mapping[str, float]) -> Text:
    bounds = policy["green_from"], policy["yellow_from"]
    green, yellow = map(shares.bound, bounds)
    share = shares.beside(Fraction(line["on_time"], line["due"]), *bounds)
    band = {
        "green": Text(f"达到 {green}", f"at least {green}"),
        "yellow": Text(f"达到 {yellow}，不到 {green}", f"at least {yellow}, below {green}"),
        "red": Text(f"不到 {yellow}", f"below {yellow}"),
    }[line["light"]]
    name = LIGHTS[line["light"]]
    return Text(
        f"{name.zh}灯：按时 {line['on_time']} ÷ 应公开 {line['due']} = {share}，{band.zh}。",
        f"{name.en}: {line['on_time']} on time of {line['due']} due = {share}, {band.en}.",
    )


_NO_PLACE = Text("因此不排名。", "So it has no place.")


def _place(line: Mapping[str, Any]) -> Text:
    return Text(
        f"第 {line['rank']} 名：按这一比例的 95% 区间下限从高到低排，相同的并列。",
        f"Place {line['rank']}: by the lower end of the 95 % interval of that share, the highest"
        " first; equals share a place.",
    )
