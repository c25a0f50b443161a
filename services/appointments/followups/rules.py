"""Which cases are drawn, what answers come to, and who may do what. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from services.appointments.followups.models import Followup
from services.appointments.followups.schemas import AskedQuestion, QuestionnaireContent
from services.appointments.policies.schemas import FollowupTerms
from shared.errors import Conflict, Forbidden, FourEyes, Invalid, Text
from shared.security.identity import ROLES, Caller

STAFF = ROLES.keys() - {"citizen", "device", "system"}
READERS = ("clerk", "hall_manager", "officer", "reviewer", "auditor", "supervisor")
LEAST_ANSWERS = 5
"""Of fewer answers about one person nothing is counted: one angry visitor is no assessment."""

NO_FOLLOWUP = Text(
    "没有这件回诊，请从列表中查找", "There is no such follow-up; please see the list"
)
NOT_ASKED = Text(
    "编号或评价键不对，或这件事没有抽中回诊",
    "The id or the key is wrong, or nothing is asked about it",
)
NO_CASE = Text("没有这件已办结的事，请核对", "There is no such finished case; please check")
NO_QUESTIONNAIRE = Text("没有这份问卷", "There is no such questionnaire")
NOTHING_TO_ASK = Text(
    "本大厅还没有规定问卷，请先在预约规则中设定",
    "The hall has no questionnaire yet; please name one in its policy first",
)
_NOT_THEMSELVES = Text(
    "问卷由办事群众本人回答；工作人员请用电话回访",
    "Whoever was served answers; staff note what was said on a return call",
)
_MISSING = Text("请回答这道题", "Please answer this question")
_UNKNOWN = Text("问卷中没有这道题，请去掉", "There is no such question; please leave it out")
_WRONG = Text(
    "回答与题型不符，请按题目填写", "The answer does not fit the question; please check it"
)


class CalledToday(Conflict):
    type = "/problems/called-today"
    title = Text("今天已经打过回访电话", "There was a return call today")
    advice = Text("请改在另一天再打，最多三次", "Call on another day, three times at most")


class AlreadyFollowed(Conflict):
    type = "/problems/already-followed"
    title = Text("这件事已经在回诊之中", "This case is followed up already")
    advice = Text("请在回诊列表中查看", "Please see it in the list of follow-ups")


class Judged(NamedTuple):
    """The mean of what was given points, and whether any answer is a bad one."""

    score: float | None
    is_bad: bool


def percent(terms: FollowupTerms, item: str, outcome: str) -> int:
    """How many of a hundred such cases are drawn: what the first rule that fits says."""
    for rule in terms.rules:
        if (not rule.item_codes or item in rule.item_codes) and (
            not rule.outcomes or outcome in rule.outcomes
        ):
            return rule.percent
    return 0


def is_drawn(case_id: UUID, seed: UUID, of_hundred: int) -> bool:
    """Whether the case is in the sample: as often as it is asked the same, and known to nobody who
    does not know the policy's own id, which is shown nowhere."""
    drawn = hashlib.sha256(seed.bytes + case_id.bytes).digest()
    return int.from_bytes(drawn[:8]) % 10_000 < of_hundred * 100


def judge(content: QuestionnaireContent, answers: Mapping[str, Any]) -> Judged:
    """Raises Invalid, which names the first answer that is missing, unknown or does not fit."""
    known = {question.code: question for question in content.questions}
    for code in answers:
        if code not in known:
            raise Invalid(_UNKNOWN, pointer=f"/body/answers/{code}")
    for code, question in known.items():
        if code in answers and not _fits(question, answers[code]):
            raise Invalid(_WRONG, pointer=f"/body/answers/{code}")
        if code not in answers and question.required:
            raise Invalid(_MISSING, pointer=f"/body/answers/{code}")
    given = [(known[code], answer) for code, answer in answers.items()]
    return Judged(_mean(given), any(_is_bad(question, answer) for question, answer in given))


def _fits(question: AskedQuestion, answer: Any) -> bool:
    if question.kind == "scale":
        return isinstance(answer, int) and not isinstance(answer, bool)
    if question.kind == "yes_no":
        return isinstance(answer, bool)
    return answer in [option.code for option in question.options]


def _is_bad(question: AskedQuestion, answer: Any) -> bool:
    if question.kind == "scale":
        return question.bad_up_to is not None and answer <= question.bad_up_to
    if question.kind == "yes_no":
        return question.bad_answer is not None and answer is question.bad_answer
    return any(option.is_bad for option in question.options if option.code == answer)


def _mean(given: Iterable[tuple[AskedQuestion, Any]]) -> float | None:
    points = [answer for question, answer in given if question.kind == "scale"]
    return round(sum(points) / len(points), 2) if points else None


def may_see(caller: Caller, followup: Followup) -> bool:
    """The hall's staff, those of the department, and who watches over either."""
    if caller.has("officer", "reviewer", "auditor", "supervisor") and caller.at(
        followup.department_code
    ):
        return True
    watching = ("clerk", "hall_manager", "auditor", "supervisor")
    return caller.has(*watching) and caller.at(followup.hall_code)


def ensure_not_staff(caller: Caller | None) -> None:
    """Raises Forbidden: who is judged does not answer for others."""
    if caller is not None and caller.has(*STAFF):
        raise Forbidden(_NOT_THEMSELVES)


def ensure_another(caller: Caller, served_by: Sequence[str]) -> None:
    """Raises FourEyes: whoever served does not ask how it was."""
    if caller.sub in served_by:
        raise FourEyes
