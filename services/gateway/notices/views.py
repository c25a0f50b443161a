"""Notices as their owners and administrators see them."""

from typing import Literal, cast

from services.gateway.notices import rules, service
from services.gateway.notices.models import Notice, NoticePreference
from services.gateway.notices.schemas import (
    NoticeChoice,
    NoticePreferencesView,
    NoticeView,
    OutboxFailure,
    OutboxFigure,
    OutboxView,
)
from services.gateway.notices.service import Outbox
from services.gateway.notices.templates import QUIET, TEMPLATES
from shared.security.crypto import Keyring


def shown(notice: Notice, keyring: Keyring, language: str) -> NoticeView:
    """In the language of the reader, whichever it was sent in."""
    said = rules.message(notice.kind, service.facts_of(keyring, notice), language)
    return NoticeView(
        id=notice.id,
        kind=notice.kind,
        about_id=notice.about_id,
        title=said.title,
        text=said.text,
        choices=[
            NoticeChoice(operation_id=operation, label=getattr(words, language))
            for operation, words in TEMPLATES[notice.kind].choices.items()
        ],
        created_at=notice.created_at,
        read_at=notice.read_at,
    )


def chosen(found: NoticePreference | None, keyring: Keyring) -> NoticePreferencesView:
    """What the account chose, else what holds without."""
    if found is None:
        begin, end = QUIET
        return NoticePreferencesView(
            email=None,
            email_confirmed_at=None,
            language="zh",
            by_email=False,
            by_sms=True,
            muted=[],
            quiet_from=begin,
            quiet_until=end,
            version=0,
        )
    return NoticePreferencesView(
        email=service.email_of(keyring, found),
        email_confirmed_at=found.email_confirmed_at,
        language=cast(Literal["zh", "en"], found.language),
        by_email=found.by_email,
        by_sms=found.by_sms,
        muted=found.muted,
        quiet_from=found.quiet_from,
        quiet_until=found.quiet_until,
        version=found.version,
    )


def outbox(found: Outbox) -> OutboxView:
    """Figures and failures, no contents."""
    return OutboxView(
        since=found.since,
        figures=[OutboxFigure(**row._asdict()) for row in found.figures],
        failures=[OutboxFailure(**row._asdict()) for row in found.failures],
    )
