"""`python check_proof.py PROOF.zip [--root DAY=HASH]`: does the verdict follow from the evidence?

Checks the file that `GET /duties/{id}/proof.zip` gives, by itself: it needs Python 3.11 and its own
library, no network, and nothing of OneDoor. It computes anew every hash, the hash chain, the path
to the Merkle root of the day (RFC 6962), the due day from the days of the calendar and the rulings,
and the verdict by the rule; then it compares.

Exits 0 if all holds, 1 if something differs, 2 if it cannot tell: what decides has no evidence in
the file, a day is not sealed yet, or a root that was given is not led to. Its last line says what
it takes on trust all the same.

`--root`: the root of a day as it was noted elsewhere before, or (`--root report=HASH`) the evidence
root of the report that was signed last; the evidence must lead to that one.
"""

import argparse
import hashlib
import json
import re
import sys
import unicodedata
import zipfile
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any, NamedTuple

FORMAT = "onedoor-proof/2"
RULE_VERSION = 4
SHANGHAI = timezone(timedelta(hours=8))
DUE_SOON_DAYS = 3
SLACK = timedelta(days=1)
PARTS = (
    *("README.md", "duty.json", "facts.json", "report.json", "calendar.json"),
    *("walks.json", "verdict.json"),
)

REASONS = {
    "not_applicable": ("not_auditable", "clock_unsupported"),
    "exempt": ("exempted",),
    "suspended": ("suspended_by_ruling",),
    "time_disputed": ("disputed_by_unit", "claim_contradicted"),
    "unknown": (
        "no_formation_date",
        "no_publication_time",
        "candidate_in_review",
        "stay_not_known",
    ),
    "calendar_unknown": ("calendar_not_loaded",),
    "early_violation": ("seen_before_formed", "claim_before_formed"),
    "on_time": ("seen_in_time", "claim_in_time"),
    "incomplete": ("elements_missing",),
    "withdrawn": ("gone_from_the_web", "taken_down_early"),
    "late": ("absent_after_due", "claim_after_due"),
    "pending": ("due_date_ahead", "on_display"),
    "due_soon": ("due_within_days",),
    "overdue": ("proven_absent",),
    "unknown_source_down": ("no_capture_since_due", "display_not_checked"),
}
HELD = {
    "not_applicable": "not_auditable",
    "exempt": "exempted",
    "suspended": "suspended_by_ruling",
    "disputed": "disputed_by_unit",
}
RULED = {
    "exempt": "exempted",
    "dispute": "disputed_by_unit",
    "suspend": "suspended_by_ruling",
    "restore": None,
}
"""The reason by which it is judged after such a ruling; one that extends leaves it as it was."""
OWN_CLAIMS = ("push", "meta", "label")
"""Claims that a page or its owner makes; lists and headers are said about it."""
ABSENT = ("proven_absent", "absent_after_due")
GONE = ("gone_from_the_web", "taken_down_early", "stay_not_known")
IN_TIME = (
    *("seen_in_time", "claim_in_time", "elements_missing", "on_display"),
    *("display_not_checked", *GONE),
)
BY_CLAIM = ("claim_in_time", "claim_after_due", "claim_before_formed", "claim_contradicted")
STAYS = ("min_display", "keep_online")
COUNTED = {
    "working_days": "working_days",
    "promptly": "working_days",
    "calendar_days": "calendar_days",
    "months": "months",
}
"""What the number of a clock counts; of other kinds the clock says it itself."""
PERIODS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
KINDS = (*COUNTED, *STAYS, "realtime", "fixed_date", "period", "same_time_as", "none")
ENDLESS = 10**9
JSON = dict[str, Any]


class UnknownProof(Exception):
    """The file is of a kind, or goes by a rule, that this program does not know."""


class Fault(NamedTuple):
    """Where something differs, and what."""

    where: str
    zh: str
    en: str


def read(path: str) -> dict[str, bytes]:
    """The files of the proof by name. Raises UnknownProof for what is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError) as error:
        raise UnknownProof(f"it cannot be read: {error}") from error


def check_manifest(files: dict[str, bytes]) -> Iterator[Fault]:
    manifest = json.loads(files.get("manifest.json", b"{}"))
    if manifest.get("format") != FORMAT:
        raise UnknownProof("it is no proof of a format that this program knows")
    listed = manifest["files"]
    for name in sorted({*listed, *PARTS} - {*files}):
        yield Fault(name, "文件缺失", "the file is missing")
    for name in sorted({*files} - {*listed, "manifest.json"}):
        yield Fault(name, "清单中没有这个文件", "the manifest does not name this file")
    for name in sorted({*files} & {*listed}):
        if sha256(files[name]) != listed[name]:
            yield Fault(name, "文件被改动", "the file was changed")


def check_captures(files: dict[str, bytes], roots: dict[str, str]) -> Iterator[Fault]:
    for name in sorted(each for each in files if each.endswith("/capture.json")):
        folder = name.rpartition("/")[0]
        body = files.get(f"{folder}/page.bin")
        yield from _check_capture(folder, json.loads(files[name]), body, roots)


def _check_capture(
    where: str, kept: JSON, body: bytes | None, roots: dict[str, str]
) -> Iterator[Fault]:
    covered, own = kept["capture"]["covered"], kept["capture"]["hash"]
    if body is None or (sha256(body), len(body)) != (covered["sha256"], covered["size"]):
        yield Fault(where, "网页字节与散列不符", "the bytes are not those of the hash")
    for place in ("capture", "before", "after"):
        if kept[place] is not None and capture_hash(kept[place]["covered"]) != kept[place]["hash"]:
            yield Fault(where, "存证记录被改动", f"the record ({place}) was changed")
    yield from _check_neighbours(where, kept)
    if covered.get("id", where[-36:]) != where[-36:]:
        yield Fault(where, "存证编号不符", "it is the evidence of another id")
    if shanghai_day(covered["fetched_at"]).isoformat() != covered["captured_on"]:
        yield Fault(where, "日期与时间不符", "it is of another day than its time")
    if kept["day_root"] is not None and root_from(own, kept["proof"]) != kept["day_root"]:
        yield Fault(where, "不通向当日默克尔根", "its path does not lead to the root of the day")
    known = roots.get(covered["captured_on"])
    if known is not None and kept["day_root"] != known:
        yield Fault(where, "当日默克尔根不是所给的", "the root of its day is not the one given")


def _check_neighbours(where: str, kept: JSON) -> Iterator[Fault]:
    covered, before, after = kept["capture"]["covered"], kept["before"], kept["after"]
    if covered["previous_hash"] != (before and before["hash"]):
        yield Fault(where, "与前一份存证不相接", "it does not join the capture before it")
    if after is not None and after["covered"]["previous_hash"] != kept["capture"]["hash"]:
        yield Fault(where, "与后一份存证不相接", "the capture after it does not join it")
    for step, other in ((-1, before), (1, after)):
        place = (covered["chain"], covered["seq"] + step)
        if other is not None and (other["covered"]["chain"], other["covered"]["seq"]) != place:
            yield Fault(where, "前后存证的序号不符", "a neighbour is not of the place beside it")


def check_facts(files: dict[str, bytes]) -> Iterator[Fault]:
    duty, walks = json.loads(files["duty.json"]), json.loads(files["walks.json"])
    named = [each for walk in walks["lists"] for each in walk["captures"]]
    for where, owner, fact in observed(files, duty):
        if fact_hash(fact, owner) != fact["sha256"]:
            yield Fault(where, "观测记录被改动", "the observation was changed")
        if fact["evidence_id"] is not None:
            named.append(fact["evidence_id"])
            yield from _check_source(files, where, fact)
    for evidence in sorted({*named} - {*walks["left_out"]}):
        if f"evidence/{evidence}/capture.json" not in files:
            yield Fault(f"evidence/{evidence}", "存证缺失", "the evidence is missing")


def check_report(files: dict[str, bytes], roots: dict[str, str]) -> Iterator[Fault]:
    """What was observed by then leads to the evidence root of a report, with all captures."""
    report, duty = json.loads(files["report.json"]), json.loads(files["duty.json"])
    if report is None:
        return
    captures = hashlib.sha256(b"\x00" + bytes.fromhex(report["captures_root"])).hexdigest()
    beside = [{"side": "right", "hash": captures}]
    for where, _, fact in observed(files, duty):
        if fact["proof"] is None:
            continue
        facts = root_from(fact["sha256"], fact["proof"])
        if root_from(facts, beside) != report["evidence_root"]:
            yield Fault(where, "不通向报表的证据根", "its path does not lead to the report")
    known = roots.get("report")
    if known is not None and report["evidence_root"] != known:
        yield Fault(
            "report.json", "报表的证据根不是所给的", "its evidence root is not the one given"
        )


def observed(files: dict[str, bytes], duty: JSON) -> Iterator[tuple[str, str, JSON]]:
    """Each observation with where it stands, and the duty of which it is."""
    for number, fact in enumerate(json.loads(files["facts.json"]), start=1):
        yield f"facts.json #{number}", duty["duty_id"], fact
    if duty["follows"] is not None:
        for number, fact in enumerate(duty["follows"]["facts"] or (), start=1):
            yield f"duty.json follows #{number}", duty["follows"]["duty_id"], fact


def _check_source(files: dict[str, bytes], where: str, fact: JSON) -> Iterator[Fault]:
    """What was observed of a page rests on a capture of that page, made before it was recorded."""
    kept = files.get(f"evidence/{fact['evidence_id']}/capture.json")
    if kept is None:
        return
    covered = json.loads(kept)["capture"]["covered"]
    if fact["url"].partition("#")[0] != covered["url"].partition("#")[0]:
        yield Fault(where, "存证是另一个网址的", "its evidence is of another address")
    if moment(covered["fetched_at"]) > moment(fact["recorded_at"]):
        yield Fault(where, "存证晚于观测记录", "its evidence is later than its record")


def check_rulings(files: dict[str, bytes]) -> Iterator[Fault]:
    """What takes it out of the ordinary course, and what puts its end off, follows from rulings."""
    duty = json.loads(files["duty.json"])
    kinds = [each["kind"] for each in duty["rulings"] if each["kind"] != "extend"]
    ruled = RULED[kinds[-1]] if kinds else None
    if HELD.get(duty["hold"]) not in (ruled, "not_auditable"):
        yield Fault("duty.json", f"各项裁定的结果应为 {ruled}", f"the rulings make it {ruled}")
    days = sum(each["days"] or 0 for each in duty["rulings"])
    if duty["clock"]["extended_by"] != days:
        yield Fault("duty.json", f"各项裁定共顺延 {days} 日", f"the rulings add {days} days")


def check_calendar(files: dict[str, bytes]) -> Iterator[Fault]:
    """Day follows day, and a notice says so where one is not what its weekday makes it."""
    days = [
        (date.fromisoformat(each["date"]), each)
        for each in json.loads(files["calendar.json"])["days"]
    ]
    for (before, _), (after, _) in pairwise(days):
        if after - before != timedelta(days=1):
            yield Fault("calendar.json", f"{before} 之后缺日", f"a day is missing after {before}")
    for day, each in days:
        if bool(each["is_workday"]) != (day.weekday() < 5) and not each["notice"]:
            yield Fault("calendar.json", f"{day} 没有所依据的通知", f"no notice is named for {day}")


def check_walks(files: dict[str, bytes]) -> Iterator[Fault]:
    """Lists that prove an absence were read after the moment of which they prove it, and what was
    captured of each stood there at that time."""
    walks, since = json.loads(files["walks.json"]), absent_since(files)
    for walk in walks["lists"]:
        where, begin, end = _walk(walk)
        if begin > end or (since is not None and begin < since):
            yield Fault(where, "读取时间不符", "it was read at another time")
        for covered in _captures_of(files, walk):
            if covered["chain"] != walk["portal_id"]:
                yield Fault(where, "存证是另一个栏目的", "a capture is of another place")
            if not begin <= moment(covered["fetched_at"]) <= end:
                yield Fault(where, "存证不是这次读取的", "a capture is not of this reading")


def _walk(walk: JSON) -> tuple[str, datetime, datetime]:
    where = f"walks.json {walk['portal_id']}"
    return where, moment(walk["started_at"]), moment(walk["finished_at"])


def _captures_of(files: dict[str, bytes], walk: JSON) -> list[JSON]:
    """What was captured in a walk, as far as it is in the file."""
    names = (f"evidence/{each}/capture.json" for each in walk["captures"])
    return [json.loads(files[name])["capture"]["covered"] for name in names if name in files]


def absent_since(files: dict[str, bytes]) -> datetime | None:
    """The moment of which an absence has to be proven, where it is judged by one."""
    case, calendar = case_of(files)
    reason, _ = judge_case(case, calendar)
    if reason not in ABSENT:
        return None
    found = case.walked_at if case.seen is None else case.seen.first["last_absent_at"]
    return None if found is None else moment(found)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def capture_hash(covered: JSON) -> str:
    canonical = json.dumps(covered, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(canonical.encode())


def root_from(value: str, steps: list[dict[str, str]]) -> str:
    node = hashlib.sha256(b"\x00" + bytes.fromhex(value)).digest()
    for step in steps:
        other = bytes.fromhex(step["hash"])
        pair = other + node if step["side"] == "left" else node + other
        node = hashlib.sha256(b"\x01" + pair).digest()
    return node.hex()


def fact_hash(fact: JSON, duty_id: str) -> str:
    covered = {"kind": fact["kind"], "duty_id": duty_id, "url": fact["url"]}
    covered["observed_at"] = written(fact["observed_at"])
    if fact["kind"] == "sighting":
        for name in ("last_absent_at", "claimed_at", "cms_at", "header_at"):
            covered[name] = written(fact[name])
        for name in ("claim_kind", "claims_agree", "contradicted", "missing_elements"):
            covered[name] = fact[name]
        covered["evidence_id"] = fact["evidence_id"]
        if fact["received_at"] is not None:
            covered["received_at"] = written(fact["received_at"])
        if not is_judged(fact):
            covered["elements_judged"] = False
    return sha256(json.dumps(covered, ensure_ascii=False, sort_keys=True).encode())


def is_judged(fact: JSON) -> bool:
    """Whether what is missing was looked for; a proof of before that was kept does not say."""
    return bool(fact.get("elements_judged", True))


def written(value: str | None) -> str | None:
    """A moment as the facts' digest writes it."""
    return None if value is None else str(moment(value).astimezone(UTC))


def moment(value: str) -> datetime:
    return datetime.fromisoformat(value)


def shanghai_day(value: str) -> date:
    return moment(value).astimezone(SHANGHAI).date()


class Calendar:
    """The ordinals of days: working days, numbered from the first that the file names, or plain
    days. A day before the first has 0, one after the last that is known has None.
    """

    def __init__(self, days: list[JSON], by_days: bool) -> None:
        self.by_days = by_days
        self.works = {date.fromisoformat(day["date"]): bool(day["is_workday"]) for day in days}
        self.workdays = sorted(day for day, works in self.works.items() if works)
        self.last_ord = ENDLESS if by_days else len(self.workdays)

    def start(self, day: date) -> int | None:
        known = self.works and day <= max(self.works)
        return bisect_right(self.workdays, day) if known else None

    def next(self, day: date) -> int | None:
        """The working day that it is, or the first after it."""
        ordinal = self.start(day)
        return ordinal if ordinal is None or self.works.get(day, True) else ordinal + 1

    def end(self, day: date) -> int | None:
        return day.toordinal() if self.by_days else self.next(day)

    def least(self, day: date) -> int:
        """The same; a day after the last that is known is at least the working day after it."""
        ordinal = self.end(day)
        return self.last_ord + 1 if ordinal is None else ordinal

    def workday(self, ordinal: int | None) -> date | None:
        if ordinal is None or not 0 < ordinal <= len(self.workdays):
            return None
        return self.workdays[ordinal - 1]

    def day(self, ordinal: int | None) -> date | None:
        if self.by_days and ordinal is not None:
            return date.fromordinal(ordinal)
        return self.workday(ordinal)


class Limit(NamedTuple):
    """A last day: `on` itself, the working day from it on if it rolls, or so many after it."""

    on: date
    rolls: bool = False
    workdays: int | None = None

    @property
    def is_plain(self) -> bool:
        return not self.rolls and self.workdays is None

    def ordinal(self, calendar: Calendar) -> int | None:
        """Its number among working days; None where the days that are known do not reach it."""
        if self.on not in calendar.works:
            return None
        start = calendar.start(self.on)
        after = None if self.workdays is None or start is None else start + self.workdays
        return calendar.next(self.on) if self.workdays is None else after

    def day(self, calendar: Calendar) -> date | None:
        return self.on if self.is_plain else calendar.workday(self.ordinal(calendar))


def limits(clock: JSON, formed: date) -> list[Limit]:
    """Of the clock and those that run beside it, of which the one that ends first decides."""
    beside = clock.get("stricter_of") or []
    return [limit_of(each, formed) for each in (clock, *beside) if kind_of(each) != "none"]


def kind_of(clock: JSON) -> str:
    kind = clock["kind"]
    if kind not in KINDS:
        raise UnknownProof(f"this program does not know clocks of the kind {kind}")
    return str(kind)


def limit_of(clock: JSON, formed: date) -> Limit:
    kind = kind_of(clock)
    if kind == "realtime":
        return Limit(formed, rolls=True)
    if kind == "fixed_date":
        return Limit(next_of(clock["month_day"], formed))
    if kind in STAYS or (kind == "same_time_as" and not clock.get("n")):
        return Limit(formed)
    if kind == "period":
        ended = end_of_period(clock["every"], formed)
        if clock.get("month_day"):
            return Limit(next_of(clock["month_day"], ended + timedelta(days=1)))
        return counted(clock, ended)
    return counted(clock, formed)


def counted(clock: JSON, begin: date) -> Limit:
    """So many days or months after a day, which is not counted itself (民法典 art. 201-203)."""
    kind, n = kind_of(clock), clock.get("n") or 0
    usual = "calendar_days" if kind in STAYS else "working_days"
    unit = COUNTED.get(kind) or clock.get("counted_in") or usual
    if unit == "working_days":
        return Limit(begin, workdays=n)
    on = begin + timedelta(days=n) if unit == "calendar_days" else months_after(begin, n)
    return Limit(on, rolls=clock.get("roll_forward", True))


def months_after(begin: date, n: int) -> date:
    """The day of the same number, or the last of a month that has none such."""
    year, month = begin.year + (begin.month - 1 + n) // 12, (begin.month - 1 + n) % 12 + 1
    return date(year, month, min(begin.day, monthrange(year, month)[1]))


def end_of_period(every: str, day: date) -> date:
    length = PERIODS[every]
    month = (day.month + length - 1) // length * length
    return date(day.year, month, monthrange(day.year, month)[1])


def next_of(month_day: str, formed: date) -> date:
    """The first such day on or after `formed`; 02-29 falls on 02-28 in a common year."""
    month, day = (int(part) for part in month_day.split("-"))
    for year in (formed.year, formed.year + 1):
        end = date(year, month, min(day, monthrange(year, month)[1]))
        if end >= formed:
            return end
    raise UnknownProof(f"{month_day} is no day of a year")


def is_by_days(clock: JSON, formed: date | None) -> bool:
    """Whether days are compared as days: a limit that rests on no calendar is among them."""
    return formed is not None and any(each.is_plain for each in limits(clock, formed))


def due_ordinal(clock: JSON, formed: date, calendar: Calendar) -> int | None:
    """The last ordinal in time: of several limits the earliest. One that is not known lies after
    the last day that is."""
    if calendar.by_days:
        days = [each.day(calendar) for each in limits(clock, formed)]
        found = [None if day is None else day.toordinal() for day in days]
        last = max(calendar.works, default=date.min).toordinal()
    else:
        found = [each.ordinal(calendar) for each in limits(clock, formed)]
        last = calendar.last_ord
    due = min((each for each in found if each is not None), default=None)
    if due is None or (None in found and due > last):
        return None
    return due + int(clock["extended_by"])


def staying(clock: JSON) -> JSON | None:
    """The clock that says how long what is published must stay, if one does."""
    kept: JSON | None = clock if kind_of(clock) in STAYS else clock.get("keep")
    return kept


class Stay(NamedTuple):
    """Until when it must stay if it came as early as it can have, and as late; how it was seen last
    in that stay, and how it was found gone then, also if it came back."""

    kind: str
    least: date | None
    most: date | None
    last: JSON
    gone: JSON | None

    @property
    def gone_on(self) -> date | None:
        return None if self.gone is None else shanghai_day(self.gone["observed_at"])

    @property
    def was_enough(self) -> bool:
        """The last day ends at 24:00: what was found gone on it has not stayed."""
        if self.most is None or shanghai_day(self.last["observed_at"]) < self.most:
            return False
        return self.gone_on is None or self.gone_on > self.most


def stay_of(clock: JSON, seen: "Seen", formed: date, calendar: Calendar) -> Stay | None:
    """A claim that nothing contradicts is its first day; else it came between our two looks."""
    kept = staying(clock)
    if kept is None:
        return None
    claimed = None if is_contradicted(seen.best) else day_of(seen.best["claimed_at"])
    early = claimed or day_of(seen.first["last_absent_at"])
    late = max(claimed or shanghai_day(seen.first["observed_at"]), formed)
    least = None if early is None else counted(kept, max(early, formed)).day(calendar)
    most = counted(kept, late).day(calendar)
    gap = _broken_by(seen.gaps, kept, late, most)
    if gap is None:
        return Stay(kind_of(kept), least, most, seen.last, None)
    return Stay(kind_of(kept), least, most, gap.seen, gap.gone)


def _broken_by(gaps: "list[Gap]", kept: JSON, begun: date, until: date | None) -> "Gap | None":
    """What was gone before its stay began is none of it. A display that was broken off is not
    mended by what is shown later; what must be kept is, if it is back within its time."""
    own = [gap for gap in gaps if shanghai_day(gap.seen["observed_at"]) >= begun]
    if kept["kind"] == "keep_online":
        own = [gap for gap in own if not gap.is_mended(until)]
    return own[0] if own else None


class Gap(NamedTuple):
    """The last sighting before it was gone, how it was found gone, the first sighting after."""

    seen: JSON
    gone: JSON
    back: JSON | None

    def is_mended(self, until: date | None) -> bool:
        if self.back is None:
            return False
        return until is None or shanghai_day(self.back["observed_at"]) <= until


def gaps_of(counted: list[JSON]) -> list[Gap]:
    """When it was not there after it was seen, though another page of it may have been."""
    ordered = sorted(counted, key=lambda f: (moment(f["observed_at"]), f["kind"] == "sighting"))
    seen = [fact for fact in ordered if fact["kind"] == "sighting"]
    found: list[Gap] = []
    for gone in (fact for fact in ordered if fact["kind"] == "gone"):
        at = moment(gone["observed_at"])
        before = [fact for fact in seen if moment(fact["observed_at"]) < at]
        after = [fact for fact in seen if moment(fact["observed_at"]) > at]
        is_seen = len(before) + len(after) < len(seen)
        is_known = bool(found) and found[-1].back == (after[0] if after else None)
        if before and not is_seen and not is_known and not _another_was_there(gone, ordered):
            found.append(Gap(before[-1], gone, after[0] if after else None))
    return found


def _another_was_there(gone: JSON, counted: list[JSON]) -> bool:
    """Whether another page was seen before and after, and was not gone between. One to which the
    document moved has the sightings of the page that it left, at the same moments."""
    at = moment(gone["observed_at"])
    own = {moment(fact["observed_at"]) for fact in counted if fact["url"] == gone["url"]}
    last: dict[str, JSON] = {}
    for fact in counted:
        seen_at = moment(fact["observed_at"])
        if fact["url"] == gone["url"] or seen_at in own:
            continue
        before = last.get(fact["url"])
        is_around = before is not None and seen_at > at >= moment(before["observed_at"])
        if is_around and before is not None and before["kind"] == fact["kind"] == "sighting":
            return True
        last[fact["url"]] = fact
    return False


def is_contradicted(fact: JSON) -> bool:
    if fact["claimed_at"] is None:
        return bool(fact["contradicted"])
    claimed, cms, absent = (day_of(fact[k]) for k in ("claimed_at", "cms_at", "last_absent_at"))
    assert claimed is not None
    marked_later = cms is not None and cms - claimed > SLACK
    absent_later = absent is not None and claimed < absent
    return bool(
        fact["contradicted"]
        or marked_later
        or absent_later
        or claimed > shanghai_day(fact["observed_at"])
        or is_unreported(fact)
    )


def is_unreported(fact: JSON) -> bool:
    """Whether it was pushed, and claims a time before the push was received."""
    if fact["claim_kind"] != "push":
        return False
    received = fact["received_at"]
    return received is None or moment(fact["claimed_at"]) < moment(received)


def day_of(value: str | None) -> date | None:
    return None if value is None else shanghai_day(value)


def claim_trust(fact: JSON) -> int:
    if fact["claimed_at"] is None or is_contradicted(fact):
        return 0
    if fact["claim_kind"] == "push":
        return 5 if fact["claims_agree"] else 2
    if fact["claim_kind"] not in ("meta", "label"):
        return 1
    cms, claimed = day_of(fact["cms_at"]), day_of(fact["claimed_at"])
    marked = cms is not None and claimed is not None and abs(cms - claimed) <= SLACK
    return 3 if fact["claims_agree"] and marked else 2


class Seen(NamedTuple):
    """What all observations amount to: the best claim, our own bracket, what is wrong."""

    best: JSON
    first: JSON
    last: JSON
    gaps: list[Gap]
    its: JSON
    is_incomplete: bool

    @property
    def is_gone(self) -> bool:
        return bool(self.gaps) and self.gaps[-1].back is None

    @property
    def day(self) -> date:
        """The day that its page or its owner claims, else the one on which it was seen first."""
        is_own = self.best["claim_kind"] in OWN_CLAIMS and not is_contradicted(self.best)
        claimed = day_of(self.best["claimed_at"]) if is_own else None
        return claimed or shanghai_day(self.first["observed_at"])


def summarise(facts: list[JSON]) -> Seen | None:
    """The earliest sighting closes the bracket; the best trusted claim speaks, of equals the
    earliest. What was taken back counts no more, nor an absence that was set aside."""
    counted: list[JSON] = []
    for fact in facts:
        if fact["kind"] == "taken_back":
            counted = [each for each in counted if each["url"] != fact["url"]]
        else:
            absent = None if fact["absence_set_aside"] else fact["last_absent_at"]
            counted.append({**fact, "last_absent_at": absent})
    seen = [fact for fact in counted if fact["kind"] == "sighting"]
    seen.sort(key=lambda fact: moment(fact["observed_at"]))
    if not seen:
        return None
    best = min(seen, key=lambda f: (-claim_trust(f), moment(f["claimed_at"] or f["observed_at"])))
    its = best if _was_there(best, seen[0]) else seen[0]
    return Seen(best, seen[0], seen[-1], gaps_of(counted), its, bool(_missing(seen, its)))


def _was_there(best: JSON, first: JSON) -> bool:
    claimed = day_of(best["claimed_at"]) if claim_trust(best) else None
    was_claimed = claimed is not None and claimed <= shanghai_day(first["observed_at"])
    return bool(best["url"] == first["url"] or was_claimed)


def _missing(seen: list[JSON], its: JSON) -> list[str]:
    """What a publication lacks, on its page or on one to which it has moved: the least that was
    judged."""

    def began(fact: JSON, observed_at: str) -> tuple[datetime, datetime | None]:
        claimed = fact["claimed_at"]
        return moment(observed_at), None if claimed is None else moment(claimed)

    first = next(fact["observed_at"] for fact in seen if fact["url"] == its["url"])
    since = began(its, first)
    urls = {fact["url"] for fact in seen if began(fact, fact["observed_at"]) == since}
    urls.add(its["url"])
    judged = [fact for fact in seen if fact["url"] in urls and is_judged(fact)]
    last = {fact["url"]: fact["missing_elements"] for fact in judged}
    return min(last.values(), key=len, default=[])


class Judged(NamedTuple):
    due_on: date | None
    reason: str
    over_by: int | None = None
    keep_until: date | None = None


def judge(files: dict[str, bytes]) -> Judged:
    """The verdict by the rule, of what the files say was formed and observed."""
    case, calendar = case_of(files)
    reason, over_by = judge_case(case, calendar)
    return Judged(calendar.day(case.due), reason, over_by, case.stay and case.stay.most)


def case_of(files: dict[str, bytes]) -> "tuple[Case, Calendar]":
    duty, verdict = json.loads(files["duty.json"]), json.loads(files["verdict.json"])
    walked_at = json.loads(files["walks.json"])["walked_at"]
    formed = None if duty["formed_on"] is None else date.fromisoformat(duty["formed_on"])
    clock = duty["clock"]
    calendar = Calendar(json.loads(files["calendar.json"])["days"], is_by_days(clock, formed))
    due = None if formed is None else due_ordinal(clock, formed, calendar)
    seen = summarise(json.loads(files["facts.json"]))
    stay = None
    if seen is not None and formed is not None:
        stay = stay_of(clock, seen, formed, calendar)
    as_of = date.fromisoformat(verdict["as_of"])
    return Case(duty, formed, due, seen, stay, as_of, walked_at), calendar


class Case(NamedTuple):
    """All that one verdict goes by."""

    duty: JSON
    formed: date | None
    due: int | None
    seen: Seen | None
    stay: Stay | None
    as_of: date
    walked_at: str | None


def judge_case(case: Case, calendar: Calendar) -> tuple[str, int | None]:
    duty, seen = case.duty, case.seen
    if duty["hold"] == "not_applicable" and not duty["has_clock"]:
        return "clock_unsupported", None
    if duty["hold"] in HELD:
        return HELD[duty["hold"]], None
    if case.formed is None:
        return "no_formation_date", None
    if seen is not None and shanghai_day(seen.first["observed_at"]) < case.formed:
        return "seen_before_formed", None
    if case.due is None:
        return "calendar_not_loaded", None
    if seen is not None:
        return judge_published(case, seen, case.formed, case.due, calendar)
    return judge_unpublished(duty, case.due, case.as_of, case.walked_at, calendar)


def judge_published(
    case: Case, seen: Seen, formed: date, due: int, calendar: Calendar
) -> tuple[str, int | None]:
    """Only inside our own bracket does a claim decide, and only if nothing contradicts it."""
    best, first = seen.best, seen.first
    claimed_on, absent_on = day_of(best["claimed_at"]), day_of(first["last_absent_at"])
    claim = None if claimed_on is None else calendar.end(claimed_on)
    absent = None if absent_on is None else calendar.least(absent_on)
    contradicted = is_contradicted(best)
    is_own = best["claim_kind"] in ("push", "meta", "label")
    if is_own and claimed_on is not None and claimed_on < formed and not contradicted:
        return "claim_before_formed", None
    first_seen = calendar.end(shanghai_day(first["observed_at"]))
    if first_seen is not None and first_seen <= due:
        return _in_time(case, seen, "seen_in_time"), None
    if absent is not None and absent > due:
        return "absent_after_due", max((not contradicted and claim) or 0, absent) - due
    if contradicted:
        return "claim_contradicted", None
    if claimed_on is None:
        return "no_publication_time", None
    if claim is not None and claim <= due:
        return _in_time(case, seen, "claim_in_time"), None
    if claim is not None or due <= calendar.last_ord:
        return "claim_after_due", calendar.least(claimed_on) - due
    return "calendar_not_loaded", None


def _in_time(case: Case, seen: Seen, reason: str) -> str:
    """Published in time; whether it has all it needs, and stays as long as it must."""
    stay = case.stay
    has_stayed = stay is not None and stay.was_enough
    if not has_stayed and (seen.is_gone or (stay is not None and stay.gone_on is not None)):
        return _gone(stay)
    if seen.is_incomplete:
        return "elements_missing"
    if stay is None or has_stayed:
        return reason
    if stay.most is None:
        return "calendar_not_loaded"
    if stay.kind == "keep_online":
        return reason
    return "on_display" if case.as_of <= stay.most else "display_not_checked"


def _gone(stay: Stay | None) -> str:
    """It is called too early only if it would be so of what came as early as it can have."""
    if stay is None:
        return "gone_from_the_web"
    if stay.gone_on is None or stay.least is None or stay.least < stay.gone_on:
        return "stay_not_known"
    return "taken_down_early" if stay.kind == "min_display" else "gone_from_the_web"


def judge_unpublished(
    duty: JSON, due: int, as_of: date, walked_at: str | None, calendar: Calendar
) -> tuple[str, int | None]:
    """Nothing is overdue without proof that it was absent: a walk after the limit that knew it."""
    if due > calendar.last_ord:
        return "calendar_not_loaded", None
    left = due - calendar.least(as_of)
    if left >= 0:
        return ("due_within_days" if left <= DUE_SOON_DAYS else "due_date_ahead"), None
    if duty["in_review"]:
        return "candidate_in_review", None
    since = duty["matchable_since"]
    is_young = walked_at is not None and (since is None or moment(walked_at) >= moment(since))
    if walked_at is not None and is_young and calendar.least(shanghai_day(walked_at)) > due:
        return "proven_absent", -left
    return "no_capture_since_due", None


def check_begin(files: dict[str, bytes]) -> Iterator[Fault]:
    """It begins on the day of its event; what goes with another once that one is published, unless
    it was published itself before, for then nobody knows which of them came first."""
    duty = json.loads(files["duty.json"])
    begins, follows = duty["event_on"], duty["follows"]
    if follows is not None:
        led = follows["published_on"]
        if follows["facts"] is not None:
            leader = summarise(follows["facts"])
            led = None if leader is None else leader.day.isoformat()
        if led != follows["published_on"]:
            yield Fault("duty.json", f"所随信息应于 {led} 公开", f"what it follows is of {led}")
        own = summarise(json.loads(files["facts.json"]))
        begins = led or begins
        if led is not None and own is not None:
            earliest = min(own.day, shanghai_day(own.first["observed_at"]))
            begins = None if earliest < date.fromisoformat(led) else led
    if begins != duty["formed_on"]:
        yield Fault("duty.json", f"期限应自 {begins} 起算", f"its clock begins on {begins}")


def check_verdict(files: dict[str, bytes]) -> Iterator[Fault]:
    stated = json.loads(files["verdict.json"])
    if stated["rule_version"] != RULE_VERSION:
        raise UnknownProof(
            f"this program does not know version {stated['rule_version']} of the rule"
        )
    judged = judge(files)
    due_on = None if judged.due_on is None else judged.due_on.isoformat()
    if due_on != stated["due_on"]:
        yield Fault("verdict.json", f"届满日应为 {due_on}", f"the due day is {due_on}")
    until = None if judged.keep_until is None else judged.keep_until.isoformat()
    if until != stated["keep_until"]:
        yield Fault("verdict.json", f"须保留至 {until}", f"it has to stay until {until}")
    if judged.reason != stated["reason"] or judged.reason not in REASONS.get(stated["verdict"], ()):
        zh, en = f"结论的理由应为 {judged.reason}", f"the reason of the verdict is {judged.reason}"
        yield Fault("verdict.json", zh, en)
    elif judged.over_by != stated["over_by"]:
        over = judged.over_by
        yield Fault("verdict.json", f"逾期日数应为 {over}", f"it is over by {over}")


def check(files: dict[str, bytes], roots: dict[str, str]) -> list[Fault]:
    """All that differs. Raises UnknownProof for what this program does not know."""
    found: list[Fault] = []
    try:
        found += check_manifest(files)
        found += check_captures(files, roots)
        if {*PARTS} <= {*files}:
            found += check_facts(files)
            found += check_report(files, roots)
            found += check_rulings(files)
            found += check_calendar(files)
            found += check_walks(files)
            found += check_begin(files)
            found += check_verdict(files)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        found.append(Fault("proof", "内容残缺", f"it is not whole: {type(error).__name__} {error}"))
    return found


def doubts(files: dict[str, bytes], roots: dict[str, str]) -> list[Fault]:
    """Of a proof in which nothing differs: what decides, and has nothing in the file to show it."""
    return [*_unsealed(files, roots), *_unshown(files), *_unwalked(files)]


def _captures(files: dict[str, bytes]) -> dict[str, JSON]:
    names = sorted(each for each in files if each.endswith("/capture.json"))
    return {name.rpartition("/")[0]: json.loads(files[name]) for name in names}


def _unsealed(files: dict[str, bytes], roots: dict[str, str]) -> Iterator[Fault]:
    """Days without a root, and roots to which nothing leads."""
    captures = _captures(files)
    days = {where: kept["capture"]["covered"]["captured_on"] for where, kept in captures.items()}
    for where, day in days.items():
        if captures[where]["day_root"] is None:
            yield Fault(where, f"{day} 尚未封存", f"{day} is not sealed yet")
    facts = [fact["proof"] for _, _, fact in observed(files, json.loads(files["duty.json"]))]
    led = {*days.values(), *(["report"] if any(each is not None for each in facts) else [])}
    for day in sorted({*roots} - led):
        yield Fault(f"--root {day}", "没有存证通向所给的根", "no evidence leads to that root")


def _unshown(files: dict[str, bytes]) -> Iterator[Fault]:
    """Observations by which it is judged whose page is not in the file, or does not say so."""
    case, calendar = case_of(files)
    reason, _ = judge_case(case, calendar)
    for fact in deciding(case, reason, calendar):
        where = f"facts.json {fact['observed_at']}"
        folder = f"evidence/{fact['evidence_id']}"
        if fact["kind"] == "gone":
            yield Fault(where, "撤下没有存证", "nothing shows that it was gone")
        elif fact["evidence_id"] is None:
            yield Fault(where, "观测没有存证", "no evidence goes with the observation")
        elif f"{folder}/page.bin" not in files:
            yield Fault(where, "存证未收入", "its evidence was left out")
        elif _fetched_at(files, folder) > moment(fact["observed_at"]):
            yield Fault(where, "存证晚于所称的观测时间", "its evidence is later than it was seen")
        elif _goes_by_claim(case, reason, fact) and not _states(files, folder, fact):
            yield Fault(where, "网页字节中没有所称的日期", "its page does not state the day")


def _fetched_at(files: dict[str, bytes], folder: str) -> datetime:
    kept = json.loads(files[f"{folder}/capture.json"])
    return moment(kept["capture"]["covered"]["fetched_at"])


def deciding(case: Case, reason: str, calendar: Calendar) -> list[JSON]:
    """The observations by which it is judged so: none where it is not by any."""
    seen, stay = case.seen, case.stay
    if seen is None:
        return []
    found: list[JSON] = []
    if reason in ("seen_before_formed", "absent_after_due"):
        found.append(seen.first)
    if reason in (*BY_CLAIM, "no_publication_time", "absent_after_due"):
        found.append(seen.best)
    if reason in IN_TIME:
        first = calendar.end(shanghai_day(seen.first["observed_at"]))
        is_seen = first is not None and case.due is not None and first <= case.due
        found.append(seen.first if is_seen else seen.best)
    if reason in IN_TIME and stay is not None:
        found += [seen.best, stay.last]
    if reason in GONE:
        found.append((stay and stay.gone) or seen.gaps[-1].gone)
    if reason == "elements_missing":
        found.append(seen.its)
    return list({fact["sha256"]: fact for fact in found}.values())


def _goes_by_claim(case: Case, reason: str, fact: JSON) -> bool:
    """Whether the day that the page itself claims decides."""
    is_best = case.seen is not None and fact["sha256"] == case.seen.best["sha256"]
    is_stay = reason in IN_TIME and case.stay is not None
    is_by = reason in (*BY_CLAIM, "absent_after_due") or is_stay
    is_believed = fact["claimed_at"] is not None and not is_contradicted(fact)
    return is_best and is_by and is_believed and fact["claim_kind"] in ("meta", "label")


def _states(files: dict[str, bytes], folder: str, fact: JSON) -> bool:
    """Whether the bytes of its page state the day that it claims, such as 2026年11月20日."""
    day = shanghai_day(fact["claimed_at"])
    covered = json.loads(files[f"{folder}/capture.json"])["capture"]["covered"]
    apart = r"\D{1,9}0?"
    words = re.compile(rf"(?<!\d){day.year}{apart}{day.month}{apart}{day.day}(?!\d)|{day:%Y%m%d}")
    for charset in (covered["charset"], "utf-8", "gb18030"):
        try:
            text = files[f"{folder}/page.bin"].decode(charset or "utf-8", "ignore")
        except LookupError:
            continue
        if words.search(unicodedata.normalize("NFKC", text)):
            return True
    return False


def _unwalked(files: dict[str, bytes]) -> Iterator[Fault]:
    """Lists that prove an absence of which the file shows nothing."""
    if absent_since(files) is None:
        return
    lists = json.loads(files["walks.json"])["lists"]
    if not lists:
        yield Fault("walks.json", "没有任何栏目的存证", "no list shows the absence")
    for walk in lists:
        if not _captures_of(files, walk):
            where, _, _ = _walk(walk)
            yield Fault(where, "栏目的存证未收入", "nothing that was captured of it is in the file")


def on_trust(files: dict[str, bytes], roots: dict[str, str]) -> list[tuple[str, str]]:
    """What this program does not check, and takes as the file has it: (Chinese, English)."""
    duty, stated = json.loads(files["duty.json"]), json.loads(files["verdict.json"])
    days = {kept["capture"]["covered"]["captured_on"] for kept in _captures(files).values()}
    found = [
        ("事项何时形成、由谁公开", "what was formed when, and by whom"),
        ("放假通知的原文", "the holiday notices themselves"),
        ("有无其他观测记录", "that no observation was left out"),
    ]
    if days - {*roots}:
        shown = ", ".join(sorted(days - {*roots}))
        found.append((f"{shown} 的默克尔根是否为当日所公布的", f"the roots of {shown}"))
    report, facts = json.loads(files["report.json"]), json.loads(files["facts.json"])
    if any(each["proof"] is None for each in facts):
        found.append(("尚无报表封存的观测", "observations that no report has sealed yet"))
    if report is not None and "report" not in roots:
        number = report["number"]
        found.append((f"{number}报表的证据根", f"the evidence root of report {number}"))
    if facts:
        found.append(("网页所公开的是否为该事项、是否缺少要素", "what its pages publish and lack"))
    if stated["keep_until"] is not None:
        found.append(("网页其间一直在网", "that a page stood as captured until it was seen again"))
    if stated["reason"] in ABSENT:
        found.append(("栏目是否齐全", "that these are all places where it may stand"))
    if duty["rulings"]:
        found.append(("裁定的文书", "the documents of the rulings"))
    if duty["hold"] == "not_applicable" or duty["in_review"] or duty["matchable_since"]:
        found.append(("可否核查、何时可以核对", "whether and since when it could be looked for"))
    if duty["follows"] is not None and duty["follows"]["facts"] is None:
        found.append(("所随信息的公开日期", "on which day was published what it goes with"))
    return found


def show(files: dict[str, bytes], open_: list[Fault], roots: dict[str, str]) -> None:
    """The verdict, what is open, and what was not proven."""
    stated = json.loads(files["verdict.json"])
    words = f"{stated['reason_zh']} | {stated['reason_en']}"
    print(f"{'?' if open_ else '✓'} {stated['as_of']} {stated['verdict']}: {words}")
    for each in open_:
        print(f"? {each.where}: {each.zh} | {each.en}")
    many = len(_captures(files))
    print(f"  存证 {many} 份 | captures: {many}")
    trusted = on_trust(files, roots)
    zh, en = "；".join(each for each, _ in trusted), "; ".join(each for _, each in trusted)
    print(f"  以文件所载为准，未予证明：{zh} | not proven, taken as the file has it: {en}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="核对结论的证明 | Check the proof of a verdict")
    parser.add_argument("proof", help="proof.zip")
    parser.add_argument("--root", action="append", default=[], metavar="DAY=HASH")
    given = parser.parse_args(arguments)
    try:
        roots = dict(each.split("=", 1) for each in given.root)
        files = read(given.proof)
        faults = check(files, roots)
        open_ = [] if faults else doubts(files, roots)
    except (UnknownProof, ValueError, KeyError, TypeError) as unknown:
        print(f"? 无法核对 | {unknown}")
        return 2
    for fault in faults:
        print(f"✗ {fault.where}: {fault.zh} | {fault.en}")
    if faults:
        return 1
    show(files, open_, roots)
    return 2 if open_ else 0


if __name__ == "__main__":
    sys.exit(main())
