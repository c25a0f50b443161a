"""Grades and their codes, the tags that fit them, and the token of an invitation. Pure."""

import csv
from datetime import datetime
from functools import cache
from importlib import resources
from math import sqrt
from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from services.feedback.ratings.models import Grade, Invitation, InvitationState, RatingState
from services.feedback.ratings.schemas import Rate, ServiceReport
from shared.errors import Conflict, Forbidden, Invalid, NotFound, Text
from shared.security.crypto import Keyring, handed_out, is_rating_key, was_handed_out
from shared.security.identity import ROLES, Caller

BAD = frozenset({Grade.DISSATISFIED, Grade.VERY_DISSATISFIED})
"""差评: the two lowest grades (GB/T 39734-2020)."""

STARS: dict[Grade, int] = {
    Grade.VERY_SATISFIED: 5,
    Grade.SATISFIED: 4,
    Grade.BASICALLY_SATISFIED: 3,
    Grade.DISSATISFIED: 2,
    Grade.VERY_DISSATISFIED: 1,
}
"""Stars and the national platform's level: 5 is best."""

GBT39046: dict[Grade, int] = {grade: 6 - stars for grade, stars in STARS.items()}
"""GB/T 39046-2020 table A.8 runs the other way: 1 is best."""

STAFF = ROLES.keys() - {"citizen", "device", "system"}
"""Who is rated does not rate. A hall's device and other systems pass on what citizens say."""


_Z = 1.959963984540054
"""The normal quantile of a 95 % interval."""

NO_CASE = Text(
    "编号或评价键不对，或事项还没有办结；请核对取号凭条，办结后再评价",
    "The id or the key is wrong, or the matter is not finished: check the ticket's slip, or wait",
)
NO_INVITATION = Text(
    "评价邀请码不对，请重新取得邀请", "This token is not valid; please ask for the invitation again"
)
_TOKEN = "rating_invitation.token"
NO_RATING = Text(
    "没有这条评价，或不归您办理；请从评价列表中查找",
    "There is no such rating among yours; please look for it in the list of ratings",
)


class AlreadyRated(Conflict):
    type = "/problems/already-rated"
    title = Text(
        "这次服务已经评价过",
        "This service has been rated already",
    )
    advice = Text(
        "要修改的，请在 24 小时内用同一邀请修改一次",
        "To change it, amend it once within 24 hours with the same invitation",
    )


class InvitationExpired(Conflict):
    type = "/problems/invitation-expired"
    title = Text("评价时间已过", "The time to rate is over")
    advice = Text("仍想反映的，请写一封来信", "If you still want to tell us, please write a letter")


class NoLongerAmendable(Conflict):
    type = "/problems/no-longer-amendable"
    title = Text(
        "只能在 24 小时内修改一次，且部门尚未开始整改",
        "A rating is amended once, within 24 hours, before it is being put right",
    )
    advice = Text(
        "请等候整改和回访；也可写信补充说明", "Please wait for the return visit, or write a letter"
    )


class NotForStaff(Forbidden):
    type = "/problems/not-for-staff"
    title = Text(
        "评价只能由办事群众本人作出",
        "Only those who were served may rate",
    )
    advice = Text(
        "您若也来办过事，请退出工作账号，用号票上的评价键评价",
        "If you were served, sign out and rate with the key on your ticket",
    )


class SamePerson(Forbidden):
    type = "/problems/same-person"
    title = Text("回访须由未经手整改的另一人进行", "Someone else must make the return visit")
    advice = Text(
        "请交由没有参与整改的同事回访",
        "Please let a colleague who had no part in it make the visit",
    )


class RevisitedToday(Conflict):
    type = "/problems/revisited-today"
    title = Text("今天已经回访过", "There was a try today")
    advice = Text("请改在另一天回访，最多三次", "Try on another day, three times at most")


class Tag(NamedTuple):
    """One of the national platform's detail tags."""

    code: str
    grade: Grade
    text: str
    is_core: bool


@cache
def national_tags() -> dict[str, Tag]:
    """The 40 tags by code, eight a grade, from `data/rating_tags.csv`."""
    by_stars = {stars: grade for grade, stars in STARS.items()}
    table = resources.files("services.feedback").joinpath("data", "rating_tags.csv")
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    return {
        row["tag_code"]: Tag(
            row["tag_code"],
            by_stars[int(row["star_level"])],
            row["tag_text"],
            row["core_or_extended"] == "core",
        )
        for row in rows
    }


def ensure_tags_fit(grade: Grade, tags: list[str]) -> None:
    """Raises Invalid, which names the first tag that is unknown, repeated or of another grade."""
    for place, code in enumerate(tags):
        tag = national_tags().get(code)
        if tag is None or tag.grade is not grade or code in tags[:place]:
            raise Invalid(
                Text(
                    "标签不存在、重复，或不属于所选的满意度；请从评价标签中选",
                    "The tag is unknown, repeated, or of another grade; see the list of tags",
                ),
                pointer=f"/body/tags/{place}",
            )


def is_bad(grade: Grade) -> bool:
    return grade in BAD


def first_state(grade: Grade) -> RatingState:
    """Where a rating begins: a bad one waits for its department."""
    return RatingState.RATED_BAD if is_bad(grade) else RatingState.RATED_GOOD


def ensure_open(invitation: Invitation, now: datetime) -> None:
    """Raises AlreadyRated or InvitationExpired."""
    if invitation.state is InvitationState.RATED:
        raise AlreadyRated
    if invitation.state is not InvitationState.OPEN or invitation.expires_at <= now:
        raise InvitationExpired


def ensure_not_staff(caller: Caller | None) -> None:
    """Raises NotForStaff."""
    if caller is not None and caller.has(*STAFF):
        raise NotForStaff


def ensure_reportable(given: ServiceReport, caller: Caller, now: datetime) -> None:
    """Raises Forbidden for another's department, Invalid for a moment to come."""
    if not caller.at(given.department_code):
        raise Forbidden(
            Text(
                "只能报送本系统所属部门的办件，请核对部门",
                "A system reports services of its own departments only; please check it",
            ),
            pointer="/body/department_code",
        )
    if given.finished_at > now:
        raise Invalid(
            Text(
                "办结时间不能晚于现在，请核对",
                "It cannot have been finished in the future; please check the time",
            ),
            pointer="/body/finished_at",
        )


def case_of(system: str, external_id: str) -> UUID:
    """The case of a service by its id in another system, which is not kept."""
    return uuid5(NAMESPACE_URL, f"onedoor/service/{system}/{external_id}")


def ensure_key(case_id: UUID, given: str, keyring: Keyring) -> None:
    """Raises NotFound for another key than the one handed over with the case's ticket."""
    if not is_rating_key(keyring, case_id, given):
        raise NotFound(NO_CASE)


def token_of(invitation_id: UUID, keyring: Keyring) -> str:
    """The invitation's token: its id and a keyed digest, so that nothing secret is stored."""
    seal = handed_out(keyring, str(invitation_id), where=_TOKEN)
    return f"{invitation_id.hex}{seal}"


def invitation_of(token: str, keyring: Keyring) -> UUID:
    """The invitation that a token is good for. Raises NotFound."""
    try:
        invitation_id = UUID(hex=token[:32])
    except ValueError:
        raise NotFound(NO_INVITATION) from None
    if not was_handed_out(keyring, token[32:], invitation_id, where=_TOKEN):
        raise NotFound(NO_INVITATION)
    return invitation_id


class Interval(NamedTuple):
    low: float
    high: float


def share(part: int, whole: int) -> float | None:
    """None of nothing is no rate at all: silence is neither good nor bad."""
    return round(part / whole, 4) if whole else None


def wilson(part: int, whole: int) -> Interval | None:
    """The 95 % Wilson score interval of a share; None without a single observation."""
    if not whole:
        return None
    p, z2 = part / whole, _Z * _Z
    centre = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = _Z * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole)) / (1 + z2 / whole)
    return Interval(round(max(centre - half, 0.0), 4), round(min(centre + half, 1.0), 4))


def rate(part: int, whole: int) -> Rate:
    """The share with its interval and what it was counted over."""
    interval = wilson(part, whole)
    return Rate(
        n=whole,
        rate=share(part, whole),
        low=interval and interval.low,
        high=interval and interval.high,
    )
