"""What a notice says, when it may go out, and how often it is tried. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from services.gateway.notices.models import NoticeChannel, NoticePriority
from services.gateway.notices.templates import QUIET, TEMPLATES
from shared import clock
from shared.clock import SHANGHAI
from shared.errors import Conflict, Invalid, NotFound, Text, TooMany
from shared.security.identity import Caller

RETRY_AFTER = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
)
"""After each failure; after the last it is given up."""
_UNKNOWN = Text("（见办理页面）", "(see the service's page)")

Facts = Mapping[str, str | None]
"""What a service hands over for the text: words, moments (`..._at`) and days (`..._on`) in ISO."""


class CodeRefused(Invalid):
    """All alike: wrong, used, replaced, expired, or never sent."""

    type = "/problems/email-code-refused"
    title = Text("确认码不对，或已失效", "The code is wrong, or has ended")
    advice = Text(
        "请核对邮件里最新的确认码；30 分钟内有效，也可以重新发送",
        "Please check the newest code that came by e-mail: it works for 30 minutes; you can have "
        "another one sent",
    )


class CodesSpent(TooMany):
    type = "/problems/email-codes-spent"
    title = Text("今天发送的确认码已经很多", "Many codes were sent today already")
    advice = Text(
        "请先看看邮箱和垃圾邮件；明天可以再发",
        "Please look into your mailbox and its junk folder; tomorrow you can have another one",
    )


class NothingToConfirm(Conflict):
    type = "/problems/no-email-to-confirm"
    title = Text("没有待确认的邮箱", "There is no address to confirm")
    advice = Text(
        "邮箱已确认，或还没有填写；请查看通知设置",
        "It is confirmed already, or none was given; please look at your settings",
    )


@dataclass(frozen=True)
class Message:
    """What one person reads, in one language."""

    title: str
    text: str


@dataclass(frozen=True)
class Wishes:
    """How somebody wants to be reached besides the inbox."""

    email: str | None = None
    language: str = "zh"
    by_email: bool = False
    by_sms: bool = True
    muted: frozenset[str] = frozenset()
    quiet: tuple[time, time] = QUIET


def message(kind: str, facts: Facts, language: str) -> Message:
    """The notice in `zh` or `en`; a fact that is not known is said to be elsewhere."""
    template = TEMPLATES[kind]
    words = _Words(facts, language)
    title, text = (getattr(part, language) for part in (template.title, template.text))
    return Message(title.format_map(words), text.format_map(words))


class _Words(dict[str, str]):
    """The facts as they are said in a language."""

    def __init__(self, facts: Facts, language: str) -> None:
        super().__init__()
        self._facts, self._language = facts, language

    def __missing__(self, name: str) -> str:
        in_english = self._facts.get(f"{name}_en") if self._language == "en" else None
        value = in_english or self._facts.get(name)
        if value is None:
            return str(getattr(_UNKNOWN, self._language))
        if name.endswith("_at"):
            moment = datetime.fromisoformat(value)
            return clock.moment_en(moment) if self._language == "en" else clock.moment_zh(moment)
        if name.endswith("_on"):
            day = date.fromisoformat(value)
            if self._language == "en":
                return f"{day.day} {day:%B %Y}"
            return f"{day.year}年{day.month}月{day.day}日"
        return value


def channels(
    kind: str,
    wishes: Wishes,
    *,
    has_account: bool,
    phone: str | None,
    available: frozenset[NoticeChannel],
) -> list[NoticeChannel]:
    """By which channels it goes; none where nobody can be reached, or its one channel is missing.

    What somebody muted stands in their inbox alone. Who has no account has said nothing against a
    message to the phone that they gave for this.
    """
    if (only := TEMPLATES[kind].only) is not None:
        return [way for way in available if way == only]
    found = [NoticeChannel.INBOX] if has_account else []
    if kind in wishes.muted:
        return found
    if has_account and wishes.by_email and wishes.email:
        found.append(NoticeChannel.EMAIL)
    if phone is not None and (wishes.by_sms or not has_account):
        found.append(NoticeChannel.SMS)
    return [each for each in found if each in available]


def goes_at(kind: str, wishes: Wishes, now: datetime) -> datetime:
    """When it may go out: now, or at the end of the quiet hours that are on."""
    begin, end = wishes.quiet
    local = now.astimezone(SHANGHAI)
    at = local.time()
    is_quiet = begin <= at < end if begin <= end else at >= begin or at < end
    if TEMPLATES[kind].urgent or not is_quiet:
        return now
    day = local.date() + timedelta(days=1 if at >= end else 0)
    return datetime.combine(day, end, SHANGHAI).astimezone(now.tzinfo)


def priority(kind: str) -> NoticePriority:
    """Whether it is taken before what waits longer: who is called cannot wait for reminders."""
    return NoticePriority.URGENT if TEMPLATES[kind].urgent else NoticePriority.ORDINARY


def useful_until(kind: str, now: datetime) -> datetime | None:
    """After which moment it helps nobody any more; None for what keeps its worth."""
    useful = TEMPLATES[kind].useful
    return None if useful is None else now + useful


def tried_again_at(attempts: int, now: datetime) -> datetime | None:
    """When to try once more after so many attempts; None to give up."""
    return now + RETRY_AFTER[attempts - 1] if attempts <= len(RETRY_AFTER) else None


def account_of(caller: Caller) -> UUID:
    """The account that the caller signed in with. Raises NotFound for who has none here."""
    try:
        return UUID(caller.sub)
    except ValueError:
        raise NotFound from None
