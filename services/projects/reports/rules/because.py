"""Which rule gives a unit its light and its place, in words. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from services.projects.reports.rules.summary import percent
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
    wanted = percent(policy["min_coverage"])
    share = _apart(line["coverage"], policy["min_coverage"])
    return Text(
        f"灰灯：结论已知的只占应公开的 {share}，不到 {wanted}。",
        f"grey: the verdict of {share} of those due is known, of less than {wanted}.",
    )


def _light(line: Mapping[str, Any], policy: Mapping[str, float]) -> Text:
    green, yellow = percent(policy["green_from"]), percent(policy["yellow_from"])
    share = _apart(line["on_time"] / line["due"], policy["green_from"], policy["yellow_from"])
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


def _apart(share: float, *bounds: float) -> str:
    """The share, with as many digits as tell it from a bound that it only just misses."""
    texts = [percent(share), *(f"{share * 100:.{digits}f}%" for digits in range(2, 9))]
    missed = [bound for bound in bounds if share < bound]
    return next(
        (text for text in texts if all(float(text[:-1]) < bound * 100 for bound in missed)),
        texts[-1],
    )


_NO_PLACE = Text("因此不排名。", "So it has no place.")


def _place(line: Mapping[str, Any]) -> Text:
    return Text(
        f"第 {line['rank']} 名：按这一比例的 95% 区间下限从高到低排，相同的并列。",
        f"Place {line['rank']}: by the lower end of the 95 % interval of that share, the highest"
        " first; equals share a place.",
    )
