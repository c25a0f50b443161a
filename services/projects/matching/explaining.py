"""Why a page was taken for a duty's publication, or waits for a person: each rule in words. Pure.

With what it rests on, as far as titles, names and numbers show it, so that who decides need not
guess what the matcher saw.
"""

from collections.abc import Iterator
from typing import NamedTuple

from services.projects.matching.models import MATCHER, MatchMethod, ReviewReason, method_of
from services.projects.matching.wording import ONLY_REGISTERED, REASONS
from services.projects.reading.cues import words_of_another_matter
from services.projects.reading.naming import names_in, normal_name
from shared.errors import Text


class RuleInWords(NamedTuple):
    """A rule of the matcher by its code, and what it says of a page."""

    rule: str
    text: Text


class MatchFacts(NamedTuple):
    """What is said of a match."""

    method: MatchMethod
    score: float
    reason: ReviewReason | None
    decided_by: str | None
    title: str
    project_code: str | None
    project_name: str
    doc_no: str | None


SURE = "sure"
"""Nothing spoke against it."""


def explain(match: MatchFacts) -> list[RuleInWords]:
    """The rules that made the match, in the order in which they were gone through."""
    method = method_of(match.method, match.score)
    return [RuleInWords(method.value, _tie(match)), *_doubts(match)]


def _tie(match: MatchFacts) -> Text:
    match method_of(match.method, match.score):
        case MatchMethod.CODE:
            return Text(
                f"网页写明项目代码 {match.project_code}",
                f"The page bears the project's code {match.project_code}",
            )
        case MatchMethod.DOCUMENT:
            number = match.doc_no or ""
            return Text(
                f"网页的文号与义务的文号一致：{number}",
                f"The page bears the document's number {number}",
            )
        case MatchMethod.NAME if match.score < 1:
            return Text(
                f"网页写明项目名称“{match.project_name}”或其别名，只“建设”“工程”“项目”等字不同",
                "The page names the project, by its name or another one of it, but for what kind of"
                " project it calls it",
            )
        case MatchMethod.NAME:
            return Text(
                f"网页写明项目名称“{match.project_name}”或其别名",
                "The page names the project in full, by its name or another one of it",
            )
        case MatchMethod.REGISTER:
            return Text(
                "单位的发布登记写明该事项公开在这一网页，网页本身没有写明项目",
                "The unit's release register says that it stands on this page; nothing on the page"
                " itself ties it to the project",
            )
    if match.reason is ReviewReason.PAGE_UNREADABLE and not match.score:
        return Text(
            "标题是该事项的，未写明项目", "Its title is about the item and names no project"
        )
    return Text(
        f"标题与项目名称相似，含其 {match.score:.0%} 的字组",
        f"The title holds {match.score:.0%} of the name's pairs of characters",
    )


def _doubts(match: MatchFacts) -> Iterator[RuleInWords]:
    if match.reason is None:
        if match.decided_by == MATCHER:
            yield RuleInWords(SURE, Text("事项、主体相符，无相反迹象", "Item and unit fit as well"))
        return
    is_registered = method_of(match.method, match.score) is MatchMethod.REGISTER
    text, seen = ONLY_REGISTERED if is_registered else REASONS[match.reason], _seen(match)
    if seen:
        text = Text(f"{text.zh}（见“{seen}”）", f"{text.en} (“{seen}”)")
    yield RuleInWords(match.reason.value, text)


def _seen(match: MatchFacts) -> str:
    """What in the title made the doubt, where that is a word of it."""
    if match.reason is ReviewReason.ITEM_UNCLEAR:
        return "、".join(words_of_another_matter(match.title))
    if match.reason is ReviewReason.ANOTHER_PART:
        name = normal_name(match.project_name)
        naming = names_in(match.title, [name]).get(name)
        return naming.part if naming else ""
    return ""
