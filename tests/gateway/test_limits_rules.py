"""Each caller may do so much at once and so much in the long run; nobody pays for another."""

import pytest

from services.gateway.limits import rules
from services.gateway.limits.gcra import CALLERS_REMEMBERED, Limiter, Rate, Verdict


def test_allows_a_burst_then_the_steady_rate() -> None:
    limiter, rate = Limiter(), Rate(per_second=10, burst=5)
    at_once = [limiter.take("a", "reading", rate, 100.0).allowed for _ in range(8)]
    assert at_once == [True] * 5 + [False] * 3
    assert not limiter.take("a", "reading", rate, 100.09).allowed
    assert limiter.take("a", "reading", rate, 100.11).allowed


def test_says_when_to_come_back_and_means_it() -> None:
    limiter, rate = Limiter(), Rate(per_second=2, burst=1)
    limiter.take("a", "x", rate, 0.0)
    refused = limiter.take("a", "x", rate, 0.1)
    assert refused.retry_after == pytest.approx(0.4)
    assert limiter.take("a", "x", rate, 0.1 + refused.retry_after).allowed


def test_refusals_cost_nothing() -> None:
    limiter, rate = Limiter(), Rate(per_second=1, burst=1)
    limiter.take("a", "x", rate, 0.0)
    for _ in range(1000):
        limiter.take("a", "x", rate, 0.5)
    assert limiter.take("a", "x", rate, 1.0).allowed


def test_callers_and_classes_are_apart() -> None:
    limiter, rate = Limiter(), Rate(per_second=1, burst=1)
    assert limiter.take("a", "x", rate, 0.0).allowed
    assert limiter.take("b", "x", rate, 0.0).allowed
    assert limiter.take("a", "y", rate, 0.0).allowed
    assert not limiter.take("a", "x", rate, 0.0).allowed


def test_counts_down_what_is_left() -> None:
    limiter, rate = Limiter(), Rate(per_second=1, burst=3)
    assert [limiter.take("a", "x", rate, 5.0).remaining for _ in range(3)] == [2, 1, 0]


def test_forgets_the_least_recent_callers() -> None:
    limiter, rate = Limiter(remembered=10), Rate(per_second=1, burst=1)
    for n in range(100):
        limiter.take(f"caller-{n}", "x", rate, 0.0)
    assert len(limiter._arrivals) == 10
    assert not limiter.take("caller-99", "x", rate, 0.0).allowed


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nonsense", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_network_is_one_caller(address: str | None, key: str) -> None:
    assert rules.address_key(address) == key


def test_a_rate_names_its_interval_and_its_window() -> None:
    rate = Rate(per_second=4, burst=6)
    assert (rate.interval, rate.window) == (0.25, 1.5)


def test_a_verdict_says_what_is_left_or_how_long_to_wait() -> None:
    limiter, rate = Limiter(), Rate(per_second=4, burst=2)
    assert limiter.take("a", "x", rate, 8.0) == Verdict(True, 1, 0.0)
    assert limiter.take("a", "x", rate, 8.0) == Verdict(True, 0, 0.0)
    assert limiter.take("a", "x", rate, 8.0) == Verdict(False, 0, 0.25)
    assert limiter.take("a", "x", rate, 8.25) == Verdict(True, 0, 0.0)


def test_what_was_not_used_is_not_saved_beyond_the_burst() -> None:
    limiter, rate = Limiter(), Rate(per_second=1, burst=2)
    limiter.take("a", "x", rate, 0.0)
    assert [limiter.take("a", "x", rate, 1000.0).allowed for _ in range(3)] == [True, True, False]


def test_a_part_of_a_place_is_not_a_place() -> None:
    limiter, rate = Limiter(), Rate(per_second=1, burst=3)
    limiter.take("a", "x", rate, 0.0)
    assert limiter.take("a", "x", rate, 0.75).remaining == 1
    assert limiter.take("a", "x", rate, 0.75).remaining == 0


def test_a_rate_that_is_no_binary_fraction_counts_exactly_too() -> None:
    limiter, rate = Limiter(), Rate(per_second=10, burst=10)
    taken = [limiter.take("a", "x", rate, 1e6) for _ in range(11)]
    assert [t.remaining for t in taken] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    assert [t.allowed for t in taken] == [True] * 10 + [False]


def test_who_came_last_is_remembered_longest() -> None:
    limiter, rate = Limiter(remembered=2), Rate(per_second=1, burst=1)
    for caller in ("a", "b"):
        limiter.take(caller, "x", Rate(per_second=1, burst=2), 0.0)
    limiter.take("a", "x", Rate(per_second=1, burst=2), 0.0)
    limiter.take("c", "x", rate, 0.0)
    assert not limiter.take("a", "x", rate, 0.0).allowed
    assert limiter.take("b", "x", rate, 0.0).allowed


def test_fifty_thousand_callers_are_remembered() -> None:
    assert Limiter()._remembered == CALLERS_REMEMBERED == 50_000
