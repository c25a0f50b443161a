"""What changed between the words of two captures: by lines, and by words within a line. Pure."""

import re
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

CONTEXT = 2
"""So many unchanged lines are shown on each side of a change."""
ALIKE = 0.5
"""From so much likeness on, two lines are one that was changed."""
NEAR = 5
"""Among so many lines that came in its place a line is looked for: what was all replaced is so."""
MOST_LINES = 2000
"""Further down nothing is compared: it would take a minute where it matters to nobody."""
MOST_PAIRS = 250_000
"""Of words of two lines that are held against each other: longer lines are shown whole."""
LEAST_MOVED = 4
"""A shorter line stands in many places: that it is elsewhere too says nothing."""
_WORD = re.compile(r"[0-9A-Za-z]+(?:[.:/_-][0-9A-Za-z]+)*|\s+|.", re.DOTALL)
"""A number, a date, an address or a Latin word is one; of Chinese each character."""


class LineKind(StrEnum):
    """What became of a line; one that moved is at its old place MOVED_AWAY and at its new MOVED."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED_AWAY = "moved_away"
    MOVED = "moved"


class WordKind(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


class WordRun(NamedTuple):
    """Words on end of which the same is to be said."""

    kind: WordKind
    text: str


@dataclass(frozen=True)
class ComparedLine:
    """A line of the earlier text, of the later one, or of both; numbers are from 1.

    `elsewhere` is of a line that moved its number in the other text.
    """

    kind: LineKind
    words: Sequence[WordRun]
    old_line: int | None = None
    new_line: int | None = None
    elsewhere: int | None = None


class _Line(NamedTuple):
    number: int
    text: str


def compare(old: str, new: str) -> list[ComparedLine]:
    """Every line of both texts that is not empty, up to the most, in the order of the later one.

    A line that was taken out in one place and put in at another has moved.
    """
    before, after = _lines(old), _lines(new)
    matcher = SequenceMatcher(None, [o.text for o in before], [n.text for n in after])
    found: list[ComparedLine] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            pairs = zip(before[a:b], after[c:d], strict=True)
            found += [_both(LineKind.SAME, one, other) for one, other in pairs]
        else:
            found += _replaced(before[a:b], after[c:d])
    return _with_moves(found)


def changes(lines: Sequence[ComparedLine]) -> list[ComparedLine]:
    """The lines that are not the same, with a few around them."""
    near = {
        place + step
        for place, line in enumerate(lines)
        if line.kind is not LineKind.SAME
        for step in range(-CONTEXT, CONTEXT + 1)
    }
    return [line for place, line in enumerate(lines) if place in near]


def _lines(text: str) -> list[_Line]:
    numbered = enumerate((line.strip() for line in text.split("\n")), start=1)
    return [_Line(number, line) for number, line in numbered if line][:MOST_LINES]


def is_cut(old: str, new: str) -> bool:
    """Whether one of the texts goes on after what is compared."""
    return max(sum(bool(line.strip()) for line in each.split("\n")) for each in (old, new)) > (
        MOST_LINES
    )


def _both(kind: LineKind, old: _Line, new: _Line) -> ComparedLine:
    same = [WordRun(WordKind.SAME, new.text)]
    words = same if old.text == new.text else _words(old.text, new.text)
    return ComparedLine(kind, words, old.number, new.number)


def _replaced(old: Sequence[_Line], new: Sequence[_Line]) -> Iterator[ComparedLine]:
    """Lines in place of others: those alike, in their order, are the same one, changed."""
    at = 0
    for line in old:
        near = range(at, min(at + NEAR, len(new)))
        like = next((n for n in near if _are_alike(line.text, new[n].text)), None)
        if like is None:
            yield _removed(line)
            continue
        yield from map(_added, new[at:like])
        yield _both(LineKind.CHANGED, line, new[like])
        at = like + 1
    yield from map(_added, new[at:])


def _are_alike(old: str, new: str) -> bool:
    shorter, longer = sorted((len(old), len(new)))
    if shorter * (2 - ALIKE) < longer * ALIKE:  # the ratio can reach ALIKE no more
        return False
    matcher = SequenceMatcher(None, old[:500], new[:500])
    return matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def _removed(line: _Line) -> ComparedLine:
    return ComparedLine(
        LineKind.REMOVED, [WordRun(WordKind.REMOVED, line.text)], old_line=line.number
    )


def _added(line: _Line) -> ComparedLine:
    return ComparedLine(LineKind.ADDED, [WordRun(WordKind.ADDED, line.text)], new_line=line.number)


def _words(old: str, new: str) -> list[WordRun]:
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) * len(after) > MOST_PAIRS:
        return [WordRun(WordKind.REMOVED, old), WordRun(WordKind.ADDED, new)]
    runs = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            runs.append(WordRun(WordKind.SAME, "".join(after[c:d])))
            continue
        runs.append(WordRun(WordKind.REMOVED, "".join(before[a:b])))
        runs.append(WordRun(WordKind.ADDED, "".join(after[c:d])))
    return [run for run in runs if run.text]


def _with_moves(lines: Sequence[ComparedLine]) -> list[ComparedLine]:
    gone: dict[str, deque[int]] = defaultdict(deque)
    for place, line in enumerate(lines):
        if line.kind is LineKind.REMOVED and len(line.words[0].text) >= LEAST_MOVED:
            gone[line.words[0].text].append(place)
    found = list(lines)
    for place, line in enumerate(lines):
        if line.kind is LineKind.ADDED and gone[line.words[0].text]:
            origin = gone[line.words[0].text].popleft()
            was = lines[origin]
            same = [WordRun(WordKind.SAME, line.words[0].text)]
            found[origin] = replace(
                was, kind=LineKind.MOVED_AWAY, words=same, elsewhere=line.new_line
            )
            found[place] = replace(line, kind=LineKind.MOVED, words=same, elsewhere=was.old_line)
    return found
