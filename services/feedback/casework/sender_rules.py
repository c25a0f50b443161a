"""What a sender may do, and when it is refused all the same. Pure."""

from pydantic import BaseModel

from services.feedback.casework.models import LetterGrade
from services.feedback.casework.rules import Facts
from services.feedback.letters.models import LetterState
from services.feedback.letters.rules import SENDER, ensure_first_appeal, ensure_room
from shared.errors import Conflict, FourEyes, Text
from shared.workflow import refuse

BAD_GRADES = frozenset({LetterGrade.DISSATISFIED, LetterGrade.VERY_DISSATISFIED})
MOST_REOPENINGS = 2


_SAY_IT_BY_RATING = Text(
    "并案的来信已办结，补充的内容不会再有人处理：问题没有解决的，请评价为“不满意”，由督办人员决定是否重办；"
    "已评价过或已过评价期限的，请另写一封来信，并注明原编号",
    "The letter that yours was merged into is closed, so nobody would act on what you add. If it is"
    " not solved, rate the reply as dissatisfied, and a supervisor decides whether to reopen it; if"
    " you have rated it, or the time to rate it has passed, please write a new letter and name the"
    " old number",
)


class AnswerAlreadyRated(Conflict):
    type = "/problems/answer-already-rated"
    title = Text("该答复已评价过", "This answer was rated already")
    advice = Text(
        "每次答复评价一次；仍不满意的，可申请重办",
        "Each answer is rated once; if it is not solved, ask to reopen",
    )


class ReopenTooLate(Conflict):
    type = "/problems/reopen-too-late"
    title = Text("已超过申请重办的期限", "The time to ask for a reopening has passed")
    advice = Text(
        "请另写一封来信，并注明原编号", "Please write a new letter and name the old number"
    )


class ReopenedTwice(Conflict):
    type = "/problems/reopened-twice"
    title = Text("已重办两次", "It was reopened twice already")
    advice = Text(
        "请向上一级机关申请复查（信访工作条例）",
        "Please apply to the next higher authority for a review",
    )


class ReopenRefused(Conflict):
    type = "/problems/reopen-refused"
    title = Text(
        "对这次答复的重办申请已有决定，未予重办",
        "A reopening was asked for after this reply already, and refused",
    )
    advice = Text(
        "可以对答复作出评价；有新情况的，请另写一封来信，并注明原编号",
        "You may rate the reply; if there is something new, please write a new letter and name the"
        " old number",
    )


def may_add(facts: Facts[BaseModel]) -> None:
    """What the sender of a merged letter adds is read as long as the other is not over."""
    if is_over(facts.answered):
        refuse(facts.letter.state, facts.letter.version, _SAY_IT_BY_RATING)
    ensure_room(facts.file.supplements)


def is_over(answered: LetterState | None) -> bool:
    """Whether nobody reads what is added, for the letter that has the reply is closed."""
    return answered is LetterState.CLOSED


def not_yet_rated(facts: Facts[BaseModel]) -> None:
    """One rating an answer, within the time that the answer leaves open."""
    if facts.file.is_rated:
        raise AnswerAlreadyRated
    _ensure_window(facts)


def answered_jointly(facts: Facts[BaseModel]) -> None:
    """A merged letter is rated by the answer that went out to the letter it was merged into."""
    if facts.file.answer_id is None:
        detail = Text("还没有答复，请等答复后再评价", "There is no reply yet; please rate it then")
        refuse(facts.letter.state, facts.letter.version, detail)
    not_yet_rated(facts)


def first_appeal(facts: Facts[BaseModel]) -> None:
    ensure_first_appeal(has_appealed=facts.file.appeals > 0)


def not_granted_on_appeal(facts: Facts[BaseModel]) -> None:
    """A sender appeals once: what was granted then is not refused again, to nobody's hearing."""
    if facts.file.appeals:
        detail = Text(
            "复查后已决定受理，不能再不予受理；可以受理，或转送有权处理的机关",
            "The appeal was granted, so it cannot be refused again; accept it, or transfer it",
        )
        refuse(facts.letter.state, facts.letter.version, detail)


def refused_by_another(facts: Facts[BaseModel]) -> None:
    """Whoever refused the letter does not decide on the appeal."""
    if facts.file.refused_by == facts.by:
        raise FourEyes


def may_rate_bad(facts: Facts[BaseModel]) -> None:
    not_yet_rated(facts)
    may_reopen(facts)


def may_reopen(facts: Facts[BaseModel]) -> None:
    if facts.letter.reopened >= MOST_REOPENINGS:
        raise ReopenedTwice
    # The senders of merged letters ask by rating, which each of them does once a reply.
    if facts.by == SENDER and facts.file.asked_to_reopen:
        raise ReopenRefused
    _ensure_window(facts)


def action_for(grade: LetterGrade, reopened: int, *, has_asked: bool) -> str:
    """What a grade does: a good one closes, a bad one asks to reopen while that is possible."""
    if grade not in BAD_GRADES:
        return "rate_good"
    can_ask = asks_to_reopen(grade, reopened) and not has_asked
    return "rate_bad" if can_ask else "rate_last"


def asks_to_reopen(grade: LetterGrade, reopened: int) -> bool:
    return grade in BAD_GRADES and reopened < MOST_REOPENINGS


def _ensure_window(facts: Facts[BaseModel]) -> None:
    if facts.reopen_until is None or facts.now >= facts.reopen_until:
        raise ReopenTooLate
