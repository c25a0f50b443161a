"""Few ratings may point at a person: the public sees no figure of them, by any arithmetic."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.rating_counts.schemas import RatingCell, RatingCounts
from services.feedback.ratings import figures as ratings
from services.feedback.ratings.schemas import GroupBy
from services.feedback.small_cells.rules import FEWEST
from tests.feedback.span_helpers import MANY, in_span

RATINGS = {
    "invited": 10,
    "excluded": 1,
    "bad": 4,
    "satisfied": 2,
    "rectified": 3,
    "revisited": 1,
}


def cell(department: str, hall: str, item: str, **counts: int) -> RatingCell:
    usual = {**RATINGS, "rated": 8, **counts}
    names = RatingCell._fields[3:]
    return RatingCell(department, hall, item, **{name: usual[name] for name in names})


def test_every_figure_of_ratings_is_counted_over_its_own_whole() -> None:
    shown = ratings.in_full(RatingCounts("D01", 10, 8, 1, 2, 4, 3, 1)).model_dump()
    counts = {name: shown[name] for name in ("invited", "rated", "excluded", "bad")}
    assert counts == {"invited": 10, "rated": 8, "excluded": 1, "bad": 4}
    rates = {name: (r["n"], r["rate"]) for name, r in shown.items() if isinstance(r, dict)}
    assert rates == {
        "rated_rate": (10, pytest.approx(0.8)),
        "satisfied_rate": (6, pytest.approx(1 / 3, abs=1e-3)),
        "rectified_rate": (4, pytest.approx(0.75)),
        "revisited_rate": (3, pytest.approx(1 / 3, abs=1e-3)),
    }


def test_the_public_sees_no_rate_of_ratings_over_fewer_than_five() -> None:
    shown = ratings.public([cell("D01", "H1", "A")])
    for grouping in GroupBy:
        [row] = shown[grouping]
        assert (row.rated, row.bad, row.excluded) == (8, 4, 1)
        assert row.rated_rate is not None
        assert (row.rectified_rate, row.revisited_rate) == (None, None)


def test_a_department_less_its_other_matters_gives_no_hidden_one_away() -> None:
    shown = ratings.public(
        [cell("D01", "H1", item, rated=rated, invited=20) for item, rated in
         (("A", 3), ("B", 7), ("C", 9))]
    )  # fmt: skip
    assert {row.key: row.rated for row in shown[GroupBy.ITEM]} == {"A": None, "B": None, "C": 9}
    assert [row.rated for row in shown[GroupBy.DEPARTMENT]] == [19]


COUNTS = st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(0, 9), st.integers(0, 9))
RATING_CELLS = st.dictionaries(
    st.tuples(st.sampled_from("123"), st.sampled_from("HKL"), st.sampled_from("xyz")),
    COUNTS,
    min_size=1,
    max_size=14,
)


@MANY
@given(RATING_CELLS)
def test_nobody_who_knows_which_matter_is_whose_can_derive_a_figure_of_fewer_than_five(
    drawn: dict[tuple[str, str, str], tuple[int, int, int, int]],
) -> None:
    """Every matter is of one department, and each of its cells is known to be there."""
    cells = []
    for (department, hall, item), (satisfied, excluded, bad, rectified) in drawn.items():
        rated, put_right = satisfied + excluded + bad, min(rectified, bad)
        cells.append(
            RatingCell(department, hall, department + item, rated + 3, rated, excluded, satisfied,
                       bad, put_right, put_right // 2)
        )  # fmt: skip
    views = (ratings._all(cells), ratings._visible_blocks(cells), ratings._visible_items(cells))
    columns = (("department", "hall", "item"), ("department", "hall"), ("item",))
    for name in (ratings.ROWS, *ratings.RATES):
        known = [views[0][name]]
        for visible, grouped in zip(views[1:], columns[1:], strict=True):
            for column in grouped:
                for key in {getattr(one, column) for one in cells}:
                    known.append({one for one in visible[name] if getattr(one, column) == key})
        groups = [{one} for one in cells]
        for column in ("department", "hall", "item"):
            for key in {getattr(one, column) for one in cells}:
                groups.append({one for one in cells if getattr(one, column) == key})
        for group in groups:
            if 0 < sum(ratings._size(one, name) for one in group) < FEWEST:
                counted = [one for one in cells if ratings._size(one, name)]
                assert not spanned(group, known, counted), (name, group)


def spanned(group: set[RatingCell], known: list[set[RatingCell]], cells: list[RatingCell]) -> bool:
    """Whether sums and differences of what is known make up the group."""
    return in_span(
        [Fraction(one in group) for one in cells],
        [[Fraction(one in shown) for one in cells] for shown in known],
    )
