"""Who may see a letter, and who may bring one in by which channel. Pure."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Protocol

from services.feedback.letters.models import Anonymity, Channel, Letter
from services.feedback.letters.schemas import LetterIn
from services.feedback.office import EVERYWHERE, in_the_office, own_departments
from shared.errors import Conflict, Forbidden, Text, TooMany
from shared.security.identity import Caller

SELF_SERVICE = frozenset({Channel.WEB, Channel.APP, Channel.MINI_PROGRAM, Channel.KIOSK})
INTAKE_ROLES = ("clerk", "hall_manager", "dispatcher", "supervisor")

SENDER = "sender"

MOST_SUPPLEMENTS = 20
ATTEMPTS, ATTEMPT_WINDOW = 20, timedelta(hours=1)


class Placed(Protocol):
    """What a letter is visible by."""

    @property
    def department_code(self) -> str | None: ...

    @property
    def accused(self) -> Collection[str]: ...


def may_see(letter: Placed, caller: Caller) -> bool:
    """Whether the letter exists for the caller.

    Nobody of an accused department sees an accusation (信访工作条例 art. 30); an officer of every
    department is one of the accused one too.
    """
    own = own_departments(caller)
    if own & set(letter.accused):
        return False
    if in_the_office(caller):
        return True
    if not caller.has("officer", "reviewer", "supervisor"):
        return False
    if EVERYWHERE in caller.places:
        return letter.department_code is not None and not letter.accused
    return letter.department_code in own


def may_know_sender(letter: Letter, caller: Caller) -> bool:
    """A confidential sender is known to the office only, not to the department."""
    return letter.anonymity is not Anonymity.CONFIDENTIAL or in_the_office(caller)


class SenderUnknown(Conflict):
    type = "/problems/sender-unknown"
    title = Text("来信人未留身份，无法核对", "Nobody can be checked: the sender left no contact")
    advice = Text(
        "匿名来信的查询码不能补发；请来信人另写一封",
        "The code of an anonymous letter is not renewed; please let the sender write anew",
    )


def ensure_checkable(letter: Letter, caller: Caller) -> None:
    """Raises SenderUnknown where nobody can hold who asks against who wrote, and Forbidden for
    whom the letter concerns: with its code a department could withdraw and rate as the sender.
    """
    concerned = letter.department_code in own_departments(caller)
    if concerned or not in_the_office(caller):
        raise Forbidden(
            Text(
                "查询码只能由信访办公室的人员补发，承办部门不能经手；请联系办公室",
                "Only the office renews a query code, never the department that handles it;"
                " please ask the office",
            )
        )
    if letter.name_sealed is None:
        raise SenderUnknown


def is_under_own_name(letter: LetterIn) -> bool:
    """Whether the account that sends a letter may be kept with it; never of an anonymous one."""
    return letter.channel in SELF_SERVICE and letter.resolved_anonymity is not Anonymity.ANONYMOUS


def written_by(channel: Channel, caller: Caller | None) -> str:
    """Who stands in the history for the receipt: staff who took a letter down, else `SENDER`.

    Who writes for themselves is not recorded, even signed in: the letter may be anonymous.
    """
    return caller.sub if caller and channel not in SELF_SERVICE else SENDER


def ensure_channel(channel: Channel, caller: Caller | None) -> None:
    """Raises Forbidden where a letter claims to have been taken down by staff but was not."""
    if channel not in SELF_SERVICE and not (caller and caller.has(*INTAKE_ROLES)):
        raise Forbidden(
            Text(
                "这一来信渠道只能由工作人员登记；自己写信请选网站、客户端、小程序或自助机",
                "Only staff may enter letters of this channel; for your own, choose the"
                " web, the app, the mini-program or a kiosk",
            ),
            pointer="/body/channel",
        )


def ensure_attempts_left(failures: int, first_at: datetime, now: datetime) -> None:
    """Raises TooMany after too many wrong codes on one number within an hour."""
    left = first_at + ATTEMPT_WINDOW - now
    if failures >= ATTEMPTS and left > timedelta(0):
        raise TooMany(
            Text("查询码输错次数过多，请稍后再试", "Too many wrong codes; please try again later"),
            retry_after=int(left.total_seconds()) + 1,
        )


class TooManySupplements(Conflict):
    type = "/problems/too-many-supplements"
    title = Text("补充次数已达上限", "No more can be added to this letter")
    advice = Text(
        "请等候办理；还有新情况的，请另写一封",
        "Please wait for the answer; for something new, write another letter",
    )


def ensure_room(supplements: int) -> None:
    """Raises TooManySupplements where so many were added already."""
    if supplements >= MOST_SUPPLEMENTS:
        raise TooManySupplements


class AlreadyAppealed(Conflict):
    type = "/problems/already-appealed"
    title = Text("已申请过复查", "It was appealed already")
    advice = Text(
        "仍不服的，请向上一级机关申请复核（信访工作条例）",
        "If you still disagree, please apply to the next higher authority for a re-examination",
    )


def ensure_first_appeal(*, has_appealed: bool) -> None:
    """One appeal, 复查 (信访工作条例 art. 35); the next one goes to the higher authority. Raises
    AlreadyAppealed.
    """
    if has_appealed:
        raise AlreadyAppealed
