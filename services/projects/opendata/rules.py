"""When something was published, as far as that is known, and what is said of it. Pure."""

from datetime import datetime

from services.projects.duties.models import ClaimKind
from services.projects.opendata.facts import PublicDuty
from services.projects.reports.rules.wording import TRUST, VERDICT_NAMES
from shared import clock
from shared.errors import Text

NARROW = 4
"""The trust of what we saw within a working day after we had seen the place without it."""
_OWN = (ClaimKind.PUSH, ClaimKind.META, ClaimKind.LABEL)


def published_at(duty: PublicDuty) -> datetime | None:
    """When it was published; None while unseen, or where nobody can say.

    The page's own claim counts unless other evidence speaks against it; else the moment at which we
    saw it first, if we had seen the place without it within a working day.
    """
    if duty.first_seen_at is None:
        return None
    if duty.claimed_at is not None and duty.claim_kind in _OWN and not duty.contradicted:
        return duty.claimed_at
    return duty.first_seen_at if duty.trust >= NARROW else None


def summary(duty: PublicDuty) -> Text:
    """By whom and by when it is due, how that stands, and how far its time is to be trusted."""
    verdict = VERDICT_NAMES[duty.verdict]
    zh = [f"公开主体：{duty.unit_name}", f"届满日：{duty.due_on or '不明'}", f"结论：{verdict.zh}"]
    en = [
        f"Unit: {duty.unit_code}",
        f"due on: {duty.due_on or 'unknown'}",
        f"verdict: {verdict.en}",
    ]
    if duty.first_seen_at is not None:
        seen_on, trust = clock.today(duty.first_seen_at), TRUST[duty.trust]
        zh.append(f"首次看见：{seen_on}；时间可信度 {duty.trust}/5，{trust.zh}")
        en.append(f"first seen on: {seen_on}; trust in its time {duty.trust}/5, {trust.en}")
    if duty.gone_at is not None:
        gone_on = clock.today(duty.gone_at)
        zh.append(f"{gone_on} 起已看不到")
        en.append(f"gone since {gone_on}")
    return Text("；".join(zh), "; ".join(en))
