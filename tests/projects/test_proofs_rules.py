"""The program that checks a proof by itself gives the verdicts that the service gives."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy import check_proof
from services.projects.auditing.models import Reason
from services.projects.auditing.rules.judging import VERDICT_OF
from services.projects.calendar.clocks import STAYS, ClockRule
from services.projects.calendar.models import CountedIn, Every, RuleKind
from services.projects.duties.models import ClaimKind, FactKind, Hold
from services.projects.proofs import bundle
from shared.clock import today
from tests.projects.proof_cases import CASES, at, pushed_on, seen_on
from tests.projects.proof_forgeries import FORGED, edited
from tests.projects.proofs import Files, unpacked
from tests.projects.proven import FIRST, History, Left, gathered_of

CLOCKS = [
    ClockRule(RuleKind.WORKING_DAYS, 20),
    ClockRule(RuleKind.WORKING_DAYS, 7),
    ClockRule(RuleKind.CALENDAR_DAYS, 20),
    ClockRule(RuleKind.CALENDAR_DAYS, 20, roll_forward=False),
    ClockRule(RuleKind.PROMPTLY, 20),
    ClockRule(RuleKind.REALTIME),
    ClockRule(RuleKind.FIXED_DATE, month_day="01-31"),
    ClockRule(RuleKind.FIXED_DATE, month_day="04-30"),
    ClockRule(RuleKind.NONE),
    ClockRule(RuleKind.MONTHS, 3),
    ClockRule(RuleKind.MONTHS, 1, roll_forward=False),
    *(ClockRule(RuleKind.PERIOD, 10, every=every) for every in Every),
    *(ClockRule(RuleKind.PERIOD, 2, every=Every.MONTH, counted_in=each) for each in CountedIn),
    ClockRule(RuleKind.PERIOD, every=Every.QUARTER, month_day="04-20"),
    ClockRule(RuleKind.PERIOD, every=Every.YEAR, month_day="12-31"),
    ClockRule(RuleKind.MIN_DISPLAY, 5),
    ClockRule(RuleKind.MIN_DISPLAY, 20, counted_in=CountedIn.WORKING_DAYS),
    ClockRule(RuleKind.KEEP_ONLINE, 2, counted_in=CountedIn.MONTHS, roll_forward=False),
    ClockRule(RuleKind.SAME_TIME_AS),
    ClockRule(RuleKind.SAME_TIME_AS, 3),
    ClockRule(RuleKind.SAME_TIME_AS, 10, counted_in=CountedIn.CALENDAR_DAYS),
]
KEPT = [each for each in CLOCKS if each.kind in STAYS]
ENDING = [each for each in CLOCKS if each.kind not in STAYS]
URLS = st.sampled_from(["https://a.cn/1", "https://a.cn/2"])
MOMENTS = (st.integers(0, 1000) | st.integers(0, 1000) | st.integers(-200, 9000)).map(
    lambda hours: FIRST + timedelta(hours=hours)
)
"""Weeks after the formation; from before it to after the last day that a notice is known of."""
LEFT = st.builds(Left, MOMENTS, st.sampled_from([FactKind.GONE, FactKind.TAKEN_BACK]), URLS)


def test_it_knows_every_reason() -> None:
    known = {reason: verdict for verdict, each in check_proof.REASONS.items() for reason in each}
    assert known == {reason.value: verdict.value for reason, verdict in VERDICT_OF.items()}


def test_it_knows_every_kind_of_clock() -> None:
    assert set(check_proof.KINDS) == {kind.value for kind in RuleKind}
    assert {each.kind for each in CLOCKS} == {*RuleKind}


@st.composite
def clocks(draw: st.DrawFn) -> ClockRule:
    """A clock of any kind, by itself or with what may go with it."""
    clock = draw(st.sampled_from(CLOCKS))
    if clock.kind in (*STAYS, RuleKind.NONE):
        return clock
    keep = draw(st.none() | st.sampled_from(KEPT))
    beside = draw(st.lists(st.sampled_from(ENDING), max_size=2))
    return replace(clock, keep=keep, stricter_of=tuple(beside))


@st.composite
def sightings(draw: st.DrawFn) -> dict[str, Any]:
    claim_kind = draw(st.sampled_from(ClaimKind))
    return {
        "url": draw(URLS),
        "observed_at": draw(MOMENTS),
        "last_absent_at": draw(st.none() | MOMENTS),
        "claim_kind": claim_kind,
        "claimed_at": None if claim_kind is ClaimKind.NONE else draw(st.none() | MOMENTS),
        "cms_at": draw(st.none() | MOMENTS),
        "received_at": draw(st.none() | MOMENTS) if claim_kind is ClaimKind.PUSH else None,
        "claims_agree": draw(st.booleans()),
        "contradicted": draw(st.sampled_from([False, False, False, True])),
        "missing_elements": draw(st.sampled_from([(), (), ("文号",), ("文号", "日期")])),
        "elements_judged": draw(st.booleans()),
    }


HISTORIES = st.builds(
    History,
    clock=clocks(),
    now=st.integers(0, 300).map(lambda days: FIRST + timedelta(days=days)),
    seen=st.lists(sightings() | sightings() | LEFT, max_size=4),
    formed_on=st.sampled_from([today(FIRST)] * 9 + [None]),
    hold=st.sampled_from([Hold.NONE] * 20 + [*Hold]),
    walked_at=st.none() | st.integers(0, 400).map(lambda days: FIRST + timedelta(days=days)),
    in_review=st.sampled_from([False, False, True]),
)


@settings(max_examples=200, deadline=None)
@given(HISTORIES)
def test_it_gives_the_verdict_of_the_service(history: History) -> None:
    assert check_proof.check(unpacked(bundle.bundle(gathered_of(history))), {}) == []


def test_the_cases_are_of_every_reason() -> None:
    assert {reason for _, reason, _ in CASES.values()} == {*Reason}


@pytest.mark.parametrize(("history", "reason", "over_by"), CASES.values(), ids=list(CASES))
def test_it_gives_each_reason(history: History, reason: Reason, over_by: int | None) -> None:
    gathered = gathered_of(history)
    assert (gathered.judged.reason, gathered.over_by) == (reason, over_by)
    files = unpacked(bundle.bundle(gathered))
    assert check_proof.check(files, {}) == []
    judged = check_proof.judge(files)
    assert (judged.reason, judged.over_by) == (reason.value, over_by)


@pytest.mark.parametrize("place", range(len(CLOCKS)), ids=lambda at: CLOCKS[at].kind.value)
def test_it_dates_each_kind_of_clock(place: int) -> None:
    """By itself and beside others, from days all over the year."""
    clock = CLOCKS[place]
    others = [(ENDING[(place + step) % len(ENDING)],) for step in (1, 4, 6, 9)]
    for number, beside in enumerate([(), *others] if clock in ENDING else [()]):
        begun = at((place * 17 + number * 61) % 304)
        clocked = replace(clock, stricter_of=beside)
        history = History(clock=clocked, now=begun, formed_on=today(begun))
        files = unpacked(bundle.bundle(gathered_of(history)))
        assert check_proof.check(files, {}) == [], (beside, begun)


def shown(name: str) -> Files:
    """The proof of a case of which all was captured as it was seen."""
    return unpacked(bundle.bundle(gathered_of(replace(CASES[name][0], shown=True))))


OPEN = {
    Reason.GONE_FROM_THE_WEB: "nothing shows that it was gone",
    Reason.TAKEN_DOWN_EARLY: "nothing shows that it was gone",
    Reason.STAY_NOT_KNOWN: "nothing shows that it was gone",
    Reason.ABSENT_AFTER_DUE: "no list shows the absence",
}
"""What no page can show; and these cases were seen, without a walk."""


@pytest.mark.parametrize("name", CASES)
def test_what_decides_is_in_the_file_or_said_to_be_open(name: str) -> None:
    files = shown(name)
    assert check_proof.check(files, {}) == []
    expected = OPEN.get(CASES[name][1])
    assert {fault.en for fault in check_proof.doubts(files, {})} == {expected} - {None}


@pytest.mark.parametrize(("case", "forge", "said"), FORGED.values(), ids=list(FORGED))
def test_a_forgery_differs_or_shows_nothing(
    case: str, forge: Callable[[Files], Files], said: str
) -> None:
    files = forge(shown(case))
    found = check_proof.check(files, {}) or check_proof.doubts(files, {})
    assert any(fault.en.startswith(said) for fault in found), found


def _run(tmp_path: Path, files: Files, *roots: str) -> int:
    proof = tmp_path / "proof.zip"
    with ZipFile(proof, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return check_proof.main([str(proof), *(f"--root={each}" for each in roots)])


def test_every_root_that_is_given_must_be_led_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = shown("seen on the last day")
    [kept] = [json.loads(files[name]) for name in files if name.endswith("capture.json")]
    day, root = kept["capture"]["covered"]["captured_on"], kept["day_root"]
    sealed = json.loads(files["report.json"])["evidence_root"]
    assert _run(tmp_path, files, f"{day}={root}", f"report={sealed}") == 0
    said = capsys.readouterr().out
    assert "the roots of" not in said
    assert "evidence root" not in said
    assert _run(tmp_path, files) == 0
    *_, last = capsys.readouterr().out.splitlines()
    assert "not proven" in last
    assert f"the roots of {day}" in last, "nobody compared it with what was noted before"
    assert "the evidence root of report 〔2026〕7号" in last
    assert _run(tmp_path, files, f"report={root}") == 1
    assert _run(tmp_path, edited("facts.json", 0, "proof", to=None)(files), f"report={sealed}") == 2
    assert "observations that no report has sealed yet" in capsys.readouterr().out
    assert _run(tmp_path, files, f"{day}={'0' * 64}") == 1
    assert _run(tmp_path, files, f"{day}={root}", f"2026-03-03={root}") == 2
    assert "no evidence leads to that root" in capsys.readouterr().out
    assert _run(tmp_path, files, "what is this") == 2


def test_a_day_that_is_not_sealed_yet_leaves_it_open(tmp_path: Path) -> None:
    files = edited("capture.json", "day_root", to=None)(shown("absent"))
    assert _run(tmp_path, files) == 2


def _begun(
    day: float | None, event: float | None, *published: Any, own: tuple[Any, ...] = ()
) -> History:
    """What goes with something that was published so, dated from a day, and was seen itself."""
    formed_on, event_on = (None if each is None else today(at(each)) for each in (day, event))
    clock = ClockRule(RuleKind.SAME_TIME_AS, 3)
    return History(
        clock=clock,
        now=at(20),
        seen=own,
        followed=published,
        formed_on=formed_on,
        event_on=event_on,
    )


@pytest.mark.parametrize(
    ("day", "event", "published", "own"),
    [
        (0, 0, (), ()),
        (None, None, (), ()),
        (5, 0, (seen_on(9, 5),), ()),
        (5, 0, (seen_on(9, 5),), (seen_on(9, 5),)),
        (9, None, (seen_on(9),), ()),
        (9, 0, (seen_on(9, 3, last_absent_at=at(4)),), ()),
        (9, 0, (seen_on(9, 3, claim_kind=ClaimKind.LIST),), (seen_on(9, 10),)),
        (9, 0, (seen_on(9, 3, claim_kind=ClaimKind.HEADER),), ()),
        (None, 0, (seen_on(9, 5),), (seen_on(9, 4),)),
        (None, 0, (seen_on(9, 8),), (seen_on(7, 8, last_absent_at=at(6)),)),
        (8, 0, (pushed_on(9, 8, claims_agree=True), seen_on(11, 5)), ()),
        (0, 0, (seen_on(9, 5), Left(at(12), FactKind.TAKEN_BACK)), ()),
    ],
)
def test_what_goes_with_another_begins_when_that_one_was_published(
    day: float | None, event: float | None, published: tuple[Any, ...], own: tuple[Any, ...]
) -> None:
    history = _begun(day, event, *published, own=own)
    assert check_proof.check(unpacked(bundle.bundle(gathered_of(history))), {}) == []
    moved = _begun(1, event, *published, own=own)
    begins = None if day is None else today(at(day))
    [fault, *_] = check_proof.check(unpacked(bundle.bundle(gathered_of(moved))), {})
    assert fault.en == f"its clock begins on {begins}"
