"""得分制: better, earlier and surer never earns less, and late always more than not at all."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.projects.auditing.models import Verdict
from services.projects.auditing.rules import merit
from services.projects.auditing.rules.merit import MeritCount
from services.projects.scoring.schemas import MeritWeights

DEFAULT = MeritWeights().model_dump()
PUBLISHED = (Verdict.ON_TIME, Verdict.LATE, Verdict.INCOMPLETE)


def count(verdict: Verdict = Verdict.ON_TIME, **others: Any) -> MeritCount:
    plain = MeritCount("U1", "MP-02-01", verdict, 3, 20, 20, None, 4, 0, 1)
    return plain._replace(**others)


@pytest.mark.parametrize(
    ("counts", "points"),
    [
        ([], None),
        ([count()], 100.0),
        ([count(used_days=0)], 110.0),
        ([count(used_days=10)], 105.0),
        ([count(trust=2)], 90.0),
        ([count(trust=1)], 70.0),
        ([count(missing_elements=1)], 75.0),
        ([count(missing_elements=9)], 10.0),
        ([count(Verdict.LATE, over_by=20)], 30.0),
        ([count(Verdict.LATE, over_by=40)], 15.0),
        ([count(Verdict.LATE, over_by=4000)], 5.0),
        ([count(Verdict.OVERDUE, trust=None)], 0.0),
        ([count(), count(Verdict.OVERDUE, n=3)], 25.0),
        ([count(Verdict.WITHDRAWN)], 30.0),
        ([count(Verdict.EARLY_VIOLATION)], 30.0),
        ([count(elements=0)], 100.0),
        # Of a limit of no days nothing is saved.
        ([count(limit_days=0, used_days=0)], 100.0),
        # Put right on order: as late as by itself, and within the term as on the day of the order.
        ([count(Verdict.LATE, over_by=20, rectified=Verdict.OVERDUE)], 30.0),
        ([count(Verdict.LATE, over_by=20, over_then=10, rectified=Verdict.OVERDUE)], 30.0),
        ([count(Verdict.LATE, over_by=40, over_then=20, rectified=Verdict.OVERDUE,
                rectified_in_term=True)], 30.0),
        ([count(Verdict.LATE, over_by=40, rectified=Verdict.OVERDUE, rectified_in_term=True)],
         15.0),
        # Of anything else up to 0.8 of it, and 0.1 more within the term of the order.
        ([count(rectified=Verdict.WITHDRAWN)], 80.0),
        ([count(rectified=Verdict.WITHDRAWN, rectified_in_term=True)], 90.0),
        ([count(rectified=Verdict.INCOMPLETE, missing_then=2)], 80.0),
        ([count(rectified=Verdict.INCOMPLETE, missing_then=1, elements=10)], 90.0),
        ([count(Verdict.WITHDRAWN, rectified=Verdict.WITHDRAWN)], 30.0),
        ([count(Verdict.OVERDUE, rectified=Verdict.OVERDUE, on_all_carriers=True)], 0.0),
        ([count(on_all_carriers=True)], 110.0),
        ([count(is_interpretation=True)], 110.0),
        ([count(Verdict.LATE, over_by=20, is_interpretation=True)], 30.0),
        ([count(used_days=0, on_all_carriers=True, is_interpretation=True)], 130.0),
    ],
)  # fmt: skip
def test_points_by_merit(counts: list[MeritCount], points: float | None) -> None:
    assert merit.score(counts, DEFAULT, {}) == points


@pytest.mark.parametrize("verdict", merit.LEFT_OUT)
def test_what_is_exempt_unknown_or_disputed_is_in_neither_sum(verdict: Verdict) -> None:
    assert merit.score([count(verdict)], DEFAULT, {}) is None
    assert merit.score([count(Verdict.LATE, over_by=20), count(verdict, n=99)], DEFAULT, {}) == 30.0


def test_items_have_weights() -> None:
    counts = [count(), count(Verdict.OVERDUE, item_code="MP-02-02")]
    assert merit.score(counts, DEFAULT, {"MP-02-01": 3}) == 75.0


def test_a_report_by_the_first_rule_counts_as_it_did() -> None:
    put_right = count(Verdict.LATE, over_by=20, over_then=10, rectified=Verdict.OVERDUE)
    in_term = put_right._replace(rectified_in_term=True)
    at_once = count(limit_days=0, used_days=0)
    found = [merit.score([one], DEFAULT, {}, rule=1) for one in (put_right, in_term, at_once)]
    assert found == [40.0, 50.0, 110.0]


def test_a_scheme_of_before_there_were_orders_counts_as_it_did() -> None:
    new = ("rectified", "bonus_rectified", "bonus_carriers", "bonus_interpretation")
    before = {name: weight for name, weight in DEFAULT.items() if name not in new}
    facts: dict[str, Any] = {"rectified_in_term": True, "on_all_carriers": True}
    for cause, verdict in ((Verdict.OVERDUE, Verdict.LATE), (Verdict.WITHDRAWN, Verdict.ON_TIME)):
        plain = count(verdict, over_by=20)
        with_facts = plain._replace(rectified=cause, is_interpretation=True, **facts)
        assert merit.share(with_facts, before) == merit.share(plain, DEFAULT)


UNIT = st.decimals(0, 1, places=2).map(float)
ABOVE = st.decimals("0.01", 1, places=2).map(float)
TENTH = st.decimals(0, "0.1", places=2).map(float)
CURABLE = (Verdict.OVERDUE, Verdict.INCOMPLETE, Verdict.WITHDRAWN)


@st.composite
def schemes(draw: st.DrawFn) -> dict[str, float]:
    rectified, trust_2 = draw(ABOVE), draw(ABOVE)
    late_from = min(rectified, draw(ABOVE))
    weights = {
        "early_bonus": draw(UNIT),
        "late_from": late_from,
        "late_least": min(late_from, draw(ABOVE)),
        "withdrawn": min(rectified, draw(UNIT)),
        "rectified": rectified,
        "bonus_rectified": min(round(1 - rectified, 2), draw(TENTH)),
        "bonus_carriers": draw(TENTH),
        "bonus_interpretation": draw(TENTH),
        "too_early": draw(UNIT),
        "trust_2": trust_2,
        "trust_1": min(trust_2, draw(ABOVE)),
        "least_share": draw(ABOVE),
    }
    return MeritWeights.model_validate(weights).model_dump()


COUNTS = st.builds(
    MeritCount,
    unit_code=st.just("U1"),
    item_code=st.sampled_from(["A", "B"]),
    verdict=st.sampled_from(sorted(Verdict)),
    trust=st.none() | st.integers(0, 5),
    limit_days=st.none() | st.integers(0, 60),
    used_days=st.none() | st.integers(-3, 200),
    over_by=st.none() | st.integers(1, 2000),
    elements=st.integers(0, 9),
    missing_elements=st.integers(0, 12),
    n=st.integers(1, 50),
    rectified=st.none() | st.sampled_from(CURABLE),
    missing_then=st.integers(0, 12),
    rectified_in_term=st.booleans(),
    on_all_carriers=st.booleans(),
    is_interpretation=st.booleans(),
    over_then=st.none() | st.integers(1, 2000),
)


@given(st.lists(COUNTS, max_size=12), schemes())
def test_points_are_bounded(counts: list[MeritCount], weights: dict[str, float]) -> None:
    points = merit.score(counts, weights, {"A": 2.5})
    assert points is None or 0 <= points <= 100 * (1 + weights["early_bonus"]) + 30.05


@given(COUNTS, st.integers(1, 5000), schemes())
def test_publishing_late_always_pays_more_than_not_publishing(
    duty: MeritCount, over_by: int, weights: dict[str, float]
) -> None:
    late = duty._replace(verdict=Verdict.LATE, over_by=over_by)
    missing = duty._replace(verdict=Verdict.OVERDUE, trust=None)
    assert merit.share(late, weights) > merit.share(missing, weights) == 0


@given(COUNTS, st.sampled_from(PUBLISHED), st.integers(1, 300), schemes())
def test_earlier_fuller_and_surer_never_earns_less(
    duty: MeritCount, verdict: Verdict, more: int, weights: dict[str, float]
) -> None:
    duty = duty._replace(verdict=verdict, used_days=duty.used_days or 0, over_by=duty.over_by or 1)

    def earns(**others: Any) -> Decimal:
        return merit.share(duty._replace(**others), weights)

    assert earns() >= earns(used_days=(duty.used_days or 0) + more)
    assert earns() >= earns(over_by=(duty.over_by or 1) + more)
    assert earns() >= earns(missing_elements=duty.missing_elements + more)
    trusts = [earns(trust=level) for level in range(6)]
    assert trusts == sorted(trusts)
    on_time = duty._replace(verdict=Verdict.ON_TIME)
    late = duty._replace(verdict=Verdict.LATE)
    assert merit.share(on_time, weights) >= merit.share(late, weights)


@given(COUNTS, st.sampled_from(CURABLE), st.integers(1, 300), st.integers(0, 60), schemes())
def test_putting_right_on_order_earns_more_than_leaving_it_and_never_more_than_no_fault(
    duty: MeritCount, fault: Verdict, over_by: int, used: int, weights: dict[str, float]
) -> None:
    def earns(verdict: Verdict, **others: Any) -> Decimal:
        facts = {"used_days": used, "missing_elements": 0, "over_by": over_by, **others}
        return merit.share(duty._replace(verdict=verdict, **facts), weights)

    lacking = {"missing_elements": duty.missing_then} if fault is Verdict.INCOMPLETE else {}
    left = earns(fault, rectified=None, is_interpretation=False, **lacking)
    done = Verdict.LATE if fault is Verdict.OVERDUE else Verdict.ON_TIME
    slow, quick = (
        earns(done, rectified=fault, rectified_in_term=in_term) for in_term in (False, True)
    )
    assert left <= slow <= quick <= earns(Verdict.ON_TIME, rectified=None)
    if fault is Verdict.OVERDUE:
        assert left == 0 < earns(done, rectified=None) <= slow


@given(COUNTS, st.integers(1, 300), st.integers(0, 300), st.integers(0, 300), schemes())
def test_waiting_for_an_order_never_pays(
    duty: MeritCount, over_by: int, waited: int, more: int, weights: dict[str, float]
) -> None:
    """On no day before it: whoever publishes earns at least what the order would leave them."""
    by_itself = duty._replace(verdict=Verdict.LATE, over_by=over_by, rectified=None)
    on_order = by_itself._replace(
        rectified=Verdict.OVERDUE, over_then=over_by + waited, over_by=over_by + waited + more
    )
    assert merit.share(on_order, weights) <= merit.share(by_itself, weights)


@given(COUNTS, schemes())
def test_what_appears_on_more_carriers_never_earns_less(
    duty: MeritCount, weights: dict[str, float]
) -> None:
    everywhere, elsewhere = (
        merit.share(duty._replace(on_all_carriers=known), weights) for known in (True, False)
    )
    assert everywhere >= elsewhere


@given(st.lists(COUNTS, min_size=2, max_size=8), schemes())
def test_the_order_in_which_duties_are_counted_does_not_matter(
    counts: list[MeritCount], weights: dict[str, float]
) -> None:
    assert merit.score(counts, weights, {}) == merit.score(counts[::-1], weights, {})
