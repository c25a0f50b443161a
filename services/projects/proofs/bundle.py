"""The file that proves a verdict: what was gathered, as JSON and bytes in one zip. Pure.

The same verdict on the same day gives the same bytes. `deploy/check_proof.py` checks it with
nothing but Python: its words for these fields are those here, and a test holds the two together.
"""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from services.projects.auditing.rules.judging import RULE_VERSION, reason_text
from services.projects.calendar.clocks import ClockRule, as_data
from services.projects.calendar.models import RuleKind
from services.projects.duties.making import rule_of_duty
from services.projects.duties.models import DutyRuling, PublicationFact
from services.projects.evidence import rules as evidence
from services.projects.evidence.linking import LinkedCapture
from services.projects.evidence.models import Capture
from services.projects.proofs import readme
from services.projects.proofs.service import Followed, Gathered
from services.projects.reports.sealing.service import FactPaths
from shared.clock import today

FORMAT = "onedoor-proof/2"
_SAME_TIME = (1980, 1, 1, 0, 0, 0)
"""A zip says of each file when it was written: in a proof nothing hangs on it."""


def bundle(gathered: Gathered) -> bytes:
    """The zip. Packs what may be megabytes: not for the thread of the requests."""
    files: dict[str, bytes] = {
        "README.md": readme.text(gathered).encode(),
        "duty.json": _json(_duty(gathered)),
        "facts.json": _json([_fact(*each, gathered.sealed) for each in gathered.facts]),
        "report.json": _json(_report(gathered.sealed)),
        "calendar.json": _json(_calendar(gathered)),
        "walks.json": _json(_walks(gathered)),
        "verdict.json": _json(_verdict(gathered)),
    }
    for linked, body in zip(gathered.captures, gathered.bodies, strict=True):
        folder = f"evidence/{linked.capture.id}"
        files[f"{folder}/capture.json"] = _json(_capture(linked))
        files[f"{folder}/page.bin"] = body
    hashes = {name: hashlib.sha256(body).hexdigest() for name, body in sorted(files.items())}
    files["manifest.json"] = _json({"format": FORMAT, "files": hashes})
    return _zip(files)


def _zip(files: Mapping[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            entry = zipfile.ZipInfo(name, _SAME_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, body)
    return out.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str).encode()


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _duty(gathered: Gathered) -> dict[str, Any]:
    found, item = gathered.found, gathered.item
    duty, standing = found.duty, found.standing
    clock = _clock(gathered)
    return {
        "duty_id": duty.id,
        "project_code": duty.project_code,
        "project_name": found.project_name,
        "subject": duty.subject,
        "unit_code": duty.unit_code,
        "unit_name": found.unit_name,
        "item_code": duty.item_code,
        "item_name": found.item_name,
        "legal_basis": item.legal_basis,
        "required_elements": item.content_elements,
        "trigger": gathered.trigger,
        "event_on": gathered.event_on,
        "follows": _followed(gathered.followed, gathered.sealed),
        "formed_on": duty.formed_on,
        "doc_no": duty.doc_no,
        "clock": {
            **as_data(clock),
            "extended_by": duty.extended_by,
            "rule_version": duty.rule_version,
        },
        "hold": duty.hold,
        "has_clock": standing.has_clock,
        "in_review": standing.in_review,
        "matchable_since": _at(standing.matchable_since),
        "rulings": [_ruling(each, gathered.is_theirs) for each in gathered.rulings],
    }


def _ruling(ruling: DutyRuling, is_theirs: bool) -> dict[str, Any]:
    """What moves the clock or stops it is for everybody; what it rests on is not."""
    return {
        "kind": ruling.kind,
        "ruled_on": today(ruling.ruled_at),
        "days": ruling.days,
        "document": ruling.document if is_theirs else None,
        "article": ruling.article if is_theirs else None,
    }


def _followed(followed: Followed | None, sealed: FactPaths | None) -> dict[str, Any] | None:
    """The duty with which it goes, and by what that one was published."""
    if followed is None:
        return None
    facts = None if followed.facts is None else [_fact(*each, sealed) for each in followed.facts]
    return {
        "duty_id": followed.duty_id,
        "unit_code": followed.unit_code,
        "published_on": followed.published_on,
        "facts": facts,
    }


def _clock(gathered: Gathered) -> ClockRule:
    """The clock that runs for the duty; of one made before duties kept theirs, its item has the
    day of the year."""
    clock = rule_of_duty(gathered.found.duty)
    if clock.kind is RuleKind.FIXED_DATE and clock.month_day is None:
        return replace(clock, month_day=gathered.item.month_day)
    return clock


def _fact(
    fact: PublicationFact, absence_set_aside: bool, sealed: FactPaths | None
) -> dict[str, Any]:
    path = None if sealed is None or fact.id is None else sealed.paths.get(fact.id)
    return {
        "kind": fact.kind,
        "observed_at": _at(fact.observed_at),
        "last_absent_at": _at(fact.last_absent_at),
        "absence_set_aside": absence_set_aside,
        "url": fact.url,
        "claim_kind": fact.claim_kind,
        "claimed_at": _at(fact.claimed_at),
        "cms_at": _at(fact.cms_at),
        "header_at": _at(fact.header_at),
        "received_at": _at(fact.received_at),
        "claims_agree": fact.claims_agree,
        "contradicted": fact.contradicted,
        "missing_elements": fact.missing_elements,
        "elements_judged": fact.elements_judged,
        "evidence_id": fact.evidence_id,
        "recorded_at": _at(fact.recorded_at),
        "sha256": fact.sha256,
        "proof": None if path is None else [step._asdict() for step in path],
    }


def _report(sealed: FactPaths | None) -> dict[str, Any] | None:
    """The report to whose evidence root facts lead, by way of the root over all of them."""
    if sealed is None:
        return None
    return {
        "report_id": sealed.report_id,
        "number": sealed.number,
        "as_of": sealed.as_of,
        "signed_on": sealed.signed_on,
        "evidence_root": sealed.evidence_root,
        "captures_root": sealed.captures_root,
    }


def _calendar(gathered: Gathered) -> dict[str, Any]:
    found = gathered.found
    return {
        "region": found.duty.region,
        "version": found.basis.calendar_version,
        "loaded_until": found.calendar.last_day,
        "days": [
            {"date": day.date, "is_workday": day.is_workday, "notice": day.source_notice}
            for day in gathered.days
        ],
    }


def _walks(gathered: Gathered) -> dict[str, Any]:
    return {
        "walked_at": _at(gathered.found.basis.walked_at),
        "lists": [
            {
                "portal_id": walk.portal_id,
                "started_at": _at(walk.started_at),
                "finished_at": _at(walk.finished_at),
                "captures": walk.captures,
            }
            for walk in gathered.walks
        ],
        "left_out": gathered.left_out,
    }


def _verdict(gathered: Gathered) -> dict[str, Any]:
    found, judged = gathered.found, gathered.judged
    words = reason_text(judged.reason)
    return {
        "as_of": today(gathered.now),
        "verdict": judged.verdict,
        "reason": judged.reason,
        "reason_zh": words.zh,
        "reason_en": words.en,
        "over_by": gathered.over_by,
        "due_on": found.due_on(found.duty.due_ord),
        "keep_until": gathered.keep_until,
        "rule_version": RULE_VERSION,
        "calendar_version": found.basis.calendar_version,
        "history": [
            {
                "from": move.from_verdict,
                "to": move.to_verdict,
                "reason": move.reason,
                "over_by": move.over_by,
                "as_of": move.as_of,
                "rule_version": move.rule_version,
                "calendar_version": move.calendar_version,
                "judged_at": _at(move.judged_at),
            }
            for move in gathered.moves
        ],
    }


def _capture(linked: LinkedCapture) -> dict[str, Any]:
    return {
        "capture": _hashed(linked.capture),
        "before": None if linked.before is None else _hashed(linked.before),
        "after": None if linked.after is None else _hashed(linked.after),
        "day_root": linked.root,
        "proof": [step._asdict() for step in linked.path],
    }


def _hashed(capture: Capture) -> dict[str, Any]:
    """What the hash covers, and the hash."""
    return {"covered": evidence.covered(capture), "hash": capture.hash}
