"""Which row of a page is which: by all that it says, then by what it is known by. Pure."""

import hashlib
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence, Set
from itertools import product
from typing import Generic, NamedTuple, TypeVar

from services.projects.collecting.models import PortalPage
from services.projects.reading.naming import normal_name
from services.projects.reading.tables import Record

T = TypeVar("T")


class Identity(NamedTuple):
    """What a row is known by; None where it does not say."""

    code: str | None
    doc_no: str | None
    name: str | None


def identity(row: PortalPage | Record) -> Identity:
    if isinstance(row, Record):
        return Identity(row.code, row.doc_no, normal_name(row.name or "") or None)
    return Identity(row.project_code, row.doc_no, normal_name(row.project_name or "") or None)


def text_hash(record: Record) -> str:
    return hashlib.sha256(record.text.encode()).hexdigest()


class Pairing(NamedTuple):
    """Of each record the known row; which known rows are no more, or may be one of several."""

    rows: list[PortalPage | None]
    """None for a record that is new, or that may be one of several known rows."""
    lost: list[PortalPage]
    unclear: list[PortalPage]


class _Marks(NamedTuple):
    """What a row says: the digest of all of it, and what it is known by."""

    text: str | None
    its: Identity


_Way = Callable[[_Marks], object]


def _text(marks: _Marks) -> str | None:
    return marks.text


def _code(marks: _Marks) -> str | None:
    return marks.its.code


def _name(marks: _Marks) -> str | None:
    return marks.its.name


_WAYS: tuple[_Way, ...] = (
    _text,
    lambda marks: marks.its if any(marks.its) else None,
    _code,
    lambda marks: marks.its.doc_no,
    _name,
)

_ANY = "*"


class _Unopposed(Generic[T]):
    """Rows by code and number, in their order: those that another one contradicts in neither are
    found without a look at the rest, for a page may have thousands.
    """

    def __init__(self, rows: Iterable[tuple[Identity, T]]) -> None:
        self._by: dict[tuple[str | None, str | None], deque[T]] = defaultdict(deque)
        for its, row in rows:
            for key in product((its.code, _ANY), (its.doc_no, _ANY)):
                self._by[key].append(row)

    def to(self, its: Identity) -> list[deque[T]]:
        """Parts that have no row in common."""
        codes = (_ANY,) if its.code is None else (its.code, None)
        numbers = (_ANY,) if its.doc_no is None else (its.doc_no, None)
        return [self._by[key] for key in product(codes, numbers) if self._by.get(key)]


def pair(known: Sequence[PortalPage], records: Sequence[Record]) -> Pairing:
    """Which row is which: by all that it says, then by what it is known by.

    A row whose number or name was mended is the same, as long as nothing contradicts it. Of several
    rows of one project without numbers that say something else now nobody knows which is which.
    """
    rows = sorted(known, key=lambda row: row.gone_at is not None)
    marks = [_Marks(row.text_sha256, identity(row)) for row in rows]
    said = [_Marks(text_hash(record), identity(record)) for record in records]
    paired: list[PortalPage | None] = [None] * len(records)
    left, unclear = set(range(len(rows))), set[int]()
    for way in _WAYS:
        fits = _unopposed(way, ((marks[row], row) for row in sorted(left)))
        waiting = _grouped((way(said[at]), at) for at, row in enumerate(paired) if row is None)
        for key, group in waiting.items():
            if key not in fits:
                continue
            if way is not _text and all(said[at].its.doc_no is None for at in group):
                found = _alike(rows, fits[key], {said[at].its for at in group})
                if len(found) > 1 or len(group) > 1:
                    # There are several of a kind, before or now, and no number tells them apart.
                    unclear |= found
                    continue
            for at in group:
                first = _first(fits[key].to(said[at].its), left)
                if first is not None:
                    paired[at] = rows[first]
                    left.remove(first)
    lost, unclear = left - unclear, left & unclear
    return Pairing(paired, [rows[at] for at in sorted(lost)], [rows[at] for at in sorted(unclear)])


def _grouped(each: Iterable[tuple[object, T]]) -> dict[object, list[T]]:
    """By their keys; without those that have none."""
    groups: dict[object, list[T]] = defaultdict(list)
    for key, one in each:
        if key is not None:
            groups[key].append(one)
    return groups


def _unopposed(way: _Way, rows: Iterable[tuple[_Marks, T]]) -> dict[object, _Unopposed[T]]:
    """The rows by what they are looked for by."""
    groups = _grouped((way(marks), (marks.its, row)) for marks, row in rows)
    return {key: _Unopposed(group) for key, group in groups.items()}


def _alike(rows: Sequence[PortalPage], fits: _Unopposed[int], known_by: Set[Identity]) -> set[int]:
    """Which rows those may be: of those that stand, or if none does, of those that are gone."""
    found, looked_at = set[int](), set[tuple[int, bool]]()
    for its in known_by:
        parts = fits.to(its)
        stand = any(rows[part[0]].gone_at is None for part in parts)
        for part in parts:
            if (id(part), stand) not in looked_at:
                looked_at.add((id(part), stand))
                found.update(at for at in part if not stand or rows[at].gone_at is None)
    return found


def _first(parts: Sequence[deque[int]], left: Set[int]) -> int | None:
    """The first that is left; what stands comes before what is gone."""
    for part in parts:
        while part and part[0] not in left:
            part.popleft()
    return min((part[0] for part in parts if part), default=None)


def date_back(new: Iterable[PortalPage], unclear: Iterable[PortalPage]) -> None:
    """A new row that may be one of the unclear ones was perhaps there since the first of them.

    It may be one of its code or its name, unless its code or number is another.
    """
    oldest_first = sorted(unclear, key=lambda row: row.content_seen_at)
    seen = [(_Marks(row.text_sha256, identity(row)), row) for row in oldest_first]
    by_code, by_name = (_unopposed(way, seen) for way in (_code, _name))
    for row in new:
        its = identity(row)
        fits = (by_code.get(its.code), by_name.get(its.name))
        firsts = [part[0] for each in fits if each is not None for part in each.to(its)]
        first = min(firsts, key=lambda each: each.content_seen_at, default=row)
        row.content_seen_at, row.content_absent_at = first.content_seen_at, first.content_absent_at
