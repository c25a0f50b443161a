"""Which item of a number is seen to next, by cases."""

import pytest

from services.appointments.queueing.legs import FloorLine, FloorWindow, shortest_leg
from shared.ids import new_id


def window(items: str, *, is_open: bool = True) -> FloorWindow:
    return FloorWindow(new_id(), frozenset(items), is_open)


def line(items: str, minutes: int) -> FloorLine:
    return FloorLine(frozenset(items), minutes)


@pytest.mark.parametrize(
    ("windows", "lines", "items", "pending"),
    [
        ([window("A"), window("B")], [line("A", 20)], "B", "A"),
        ([window("A"), window("B")], [line("B", 20)], "A", "B"),
        ([window("A"), window("B")], [], "A", "B"),
        ([window("A"), window("A"), window("B")], [line("A", 30), line("B", 20)], "A", "B"),
        ([window("A", is_open=False), window("B")], [line("B", 90)], "B", "A"),
        ([window("AB"), window("B")], [line("AB", 90)], "AB", ""),
        ([window("AX"), window("B")], [line("X", 10), line("B", 5)], "B", "A"),
        ([window("A"), window("X")], [line("X", 90)], "A", "B"),
    ],
)
def test_the_shorter_line_comes_first(
    windows: list[FloorWindow], lines: list[FloorLine], items: str, pending: str
) -> None:
    found = shortest_leg(["A", "B"], windows, lines)
    assert found is not None
    assert (found.items, found.pending) == ([*items], [*pending])


def test_what_no_window_serves_leads_nowhere_and_what_is_booked_has_its_own_leg() -> None:
    assert shortest_leg(["A"], [window("B")], []) is None
    alone = shortest_leg(["A", "B", "C"], [window("ABC")], [], alone=["B"])
    assert alone is not None
    assert (alone.items, alone.pending) == (["B"], ["A", "C"])


def chosen(
    items: str, windows: list[FloorWindow], lines: list[FloorLine], alone: str = ""
) -> tuple[str, str, int] | None:
    """What is seen to next, what comes after it, and at which of the windows."""
    found = shortest_leg([*items], windows, lines, alone=[*alone])
    if found is None:
        return None
    where = [one.id for one in windows].index(found.window_id)
    return "".join(found.items), "".join(found.pending), where


@pytest.mark.parametrize(
    ("items", "windows", "lines", "expected"),
    [
        # The first window that serves it, in use or not.
        ("A", [window("X"), window("A"), window("A")], [], ("A", "", 1)),
        ("A", [window("A", is_open=False), window("A")], [], ("A", "", 0)),
        # Of lines as short, where more is done; of those, what was named first.
        ("ABC", [window("A"), window("BC")], [], ("BC", "A", 1)),
        ("BA", [window("A"), window("B")], [], ("B", "A", 1)),
        ("BA", [window("A"), window("B")], [line("AB", 90)], ("B", "A", 1)),
        ("CAB", [window("BC"), window("AB")], [], ("CB", "A", 0)),
        # All of it at once is never apart, however long the line.
        ("AB", [window("A"), window("AB")], [line("A", 1), line("AB", 500)], ("AB", "", 1)),
        # Who waits for what a window does not serve all of waits elsewhere.
        ("AB", [window("A"), window("B")], [line("AX", 90), line("B", 1)], ("A", "B", 0)),
        ("AB", [window("AX"), window("B")], [line("AX", 90), line("B", 1)], ("B", "A", 1)),
        # A line is shared by the windows that serve the leg, whatever else is waited for there.
        (
            "ABC",
            [window("A"), window("AB"), window("C")],
            [line("A", 10), line("B", 30), line("C", 21)],
            ("A", "BC", 0),
        ),
        (
            "ABC",
            [window("A"), window("AB"), window("C")],
            [line("A", 10), line("B", 30), line("C", 19)],
            ("C", "AB", 2),
        ),
        # A window that is closed shortens no line, and an open one comes before it.
        (
            "AB",
            [window("A"), window("A", is_open=False), window("B")],
            [line("A", 30), line("B", 20)],
            ("B", "A", 2),
        ),
        ("AB", [window("A", is_open=False), window("B", is_open=False)], [], ("A", "B", 0)),
        ("AB", [], [], None),
    ],
)
def test_the_next_leg_by_cases(
    items: str,
    windows: list[FloorWindow],
    lines: list[FloorLine],
    expected: tuple[str, str, int] | None,
) -> None:
    assert chosen(items, windows, lines) == expected


def test_what_is_booked_is_seen_to_one_by_one_and_before_what_is_not() -> None:
    assert chosen("ABC", [window("ABC")], [], alone="CB") == ("B", "AC", 0)
    assert chosen("ABC", [window("AC"), window("B")], [], alone="C") == ("B", "AC", 1)
    apart = [window("AC"), window("B")]
    assert chosen("ABC", apart, [line("B", 5)], alone="C") == ("C", "AB", 0)
