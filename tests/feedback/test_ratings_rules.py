"""Grades, codes, tags and intervals: tables of cases."""

from collections import Counter
from uuid import uuid4

import pytest

from services.feedback.ratings import rules, workflow
from services.feedback.ratings.models import Grade, RatingState, RevisitOutcome
from shared.errors import Invalid, NotFound
from shared.security.crypto import Keyring
from tests import support

KEYRING = Keyring(support.COLUMN_KEYS, support.INDEX_KEY)


@pytest.mark.parametrize(
    ("grade", "stars", "gbt39046", "bad"),
    [
        (Grade.VERY_SATISFIED, 5, 1, False),
        (Grade.SATISFIED, 4, 2, False),
        (Grade.BASICALLY_SATISFIED, 3, 3, False),
        (Grade.DISSATISFIED, 2, 4, True),
        (Grade.VERY_DISSATISFIED, 1, 5, True),
    ],
)
def test_the_two_codings_run_in_opposite_directions(
    grade: Grade, stars: int, gbt39046: int, bad: bool
) -> None:
    assert (rules.STARS[grade], rules.GBT39046[grade], rules.is_bad(grade)) == (
        stars,
        gbt39046,
        bad,
    )


def test_the_national_set_has_eight_tags_a_grade() -> None:
    tags = rules.national_tags()
    assert Counter(tag.grade for tag in tags.values()) == dict.fromkeys(Grade, 8)
    assert all(int(code) // 100 == rules.STARS[tag.grade] for code, tag in tags.items())
    assert tags["214"].text == "服务态度生硬"


@pytest.mark.parametrize("grade", list(Grade))
def test_a_tag_fits_its_own_grade_and_no_other(grade: Grade) -> None:
    for code, tag in rules.national_tags().items():
        if tag.grade is grade:
            rules.ensure_tags_fit(grade, [code])
        else:
            with pytest.raises(Invalid):
                rules.ensure_tags_fit(grade, [code])


@pytest.mark.parametrize(
    ("tags", "pointer"),
    [(["207", "999"], "/body/tags/1"), (["510"], "/body/tags/0"), (["207", "207"], "/body/tags/1")],
)
def test_the_wrong_tag_is_named(tags: list[str], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.ensure_tags_fit(Grade.DISSATISFIED, tags)
    assert refused.value.pointer == pointer


def test_a_token_is_the_same_every_time_and_good_for_one_invitation() -> None:
    invitation = uuid4()
    token = rules.token_of(invitation, KEYRING)
    assert token == rules.token_of(invitation, KEYRING)
    assert rules.invitation_of(token, KEYRING) == invitation


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        uuid4().hex,
        uuid4().hex + "0" * 32,
        rules.token_of(uuid4(), KEYRING)[:-1],
        uuid4().hex + rules.token_of(uuid4(), KEYRING)[32:],
        rules.token_of(uuid4(), KEYRING).upper(),
        "评" * 64,
    ],
    ids=["none", "short", "bare id", "zeros", "cut", "another id", "upper case", "other letters"],
)
def test_a_made_up_token_is_good_for_nothing(token: str) -> None:
    with pytest.raises(NotFound):
        rules.invitation_of(token, KEYRING)


@pytest.mark.parametrize(
    ("part", "whole", "interval"),
    [
        (0, 0, None),
        (0, 10, (0.0, 0.2775)),
        (5, 10, (0.2366, 0.7634)),
        (10, 10, (0.7225, 1.0)),
        (1, 1, (0.2065, 1.0)),
        (99, 100, (0.9455, 0.9982)),
    ],
)
def test_wilson(part: int, whole: int, interval: tuple[float, float] | None) -> None:
    assert rules.wilson(part, whole) == interval


def test_silence_is_no_rate_at_all() -> None:
    assert rules.share(0, 0) is None
    assert rules.share(0, 3) == 0.0


S, R = RatingState, RevisitOutcome


@pytest.mark.parametrize(
    ("outcome", "round_", "attempt", "state"),
    [
        (R.SATISFIED, 0, 1, S.SATISFIED_CLOSED),
        (R.SATISFIED, 1, 3, S.SATISFIED_CLOSED),
        (R.UNSATISFIED, 0, 1, S.RECTIFYING),
        (R.UNSATISFIED, 0, 3, S.RECTIFYING),
        (R.UNSATISFIED, 1, 1, S.UNDER_SUPERVISION),
        (R.UNREACHABLE, 0, 1, S.FEEDBACK_GIVEN),
        (R.UNREACHABLE, 0, 2, S.FEEDBACK_GIVEN),
        (R.UNREACHABLE, 0, 3, S.UNREACHABLE_CLOSED),
        (R.UNREACHABLE, 1, 3, S.UNREACHABLE_CLOSED),
    ],
)
def test_where_a_return_visit_leads(
    outcome: RevisitOutcome, round_: int, attempt: int, state: RatingState
) -> None:
    assert workflow.after_revisit(outcome, round_=round_, attempt=attempt) is state
