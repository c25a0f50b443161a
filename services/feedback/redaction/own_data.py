"""Somebody's own data, found wherever it stands and however it is written there. Pure."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

from services.feedback.redaction import addresses, names
from services.feedback.redaction.characters import Folded, letters_and_digits
from services.feedback.redaction.spans import Own, Span, SpanKind, redact
from shared.security.personal import normalise_phone

BLACK = "█"
BETWEEN = 3
"""So many letters or words may stand between two digits of a number that is known."""
SHORT = 6
"""Up to so many characters a number of somebody's may be a part of another."""
_PHONES = frozenset({SpanKind.PHONE, SpanKind.LANDLINE})


def hide(text: str, personal: frozenset[Own]) -> str:
    """The text without these names and numbers, and otherwise as it is."""
    return redact(text, occurrences(text, personal))


def black_out(text: str, personal: frozenset[Own]) -> str:
    """As `hide`, but of the same length, so that places in the text stay what they are."""
    characters = list(text)
    for start, end, _ in occurrences(text, personal):
        characters[start:end] = BLACK * (end - start)
    return "".join(characters)


def occurrences(text: str, personal: frozenset[Own]) -> list[Span]:
    """Where somebody's own data stands, by its letters and digits only, none overlapping."""
    plain = letters_and_digits(text)
    covered = bytearray(len(text))
    found: list[Span] = []
    for value, kind in sorted(_spelled(personal), key=lambda own: (-len(own.value), own.value)):
        for start, end in _stands(value, plain, text):
            if not any(covered[start:end]):
                covered[start:end] = b"\1" * (end - start)
                found.append(Span(start, end, kind))
    return sorted(found)


def _spelled(personal: frozenset[Own]) -> Iterator[Own]:
    """Each by its letters and digits; a phone number with and without what is dialled before it,
    a name with and without a form of address, an address in parts.
    """
    for value, kind in personal:
        plain = letters_and_digits(value).text
        if kind in _PHONES:
            with suppress(ValueError):
                plain = normalise_phone(value).removeprefix("+86").removeprefix("+")
                yield from (Own(before + plain, kind) for before in ("0086", "86", "0"))
        if kind is SpanKind.ADDRESS:
            yield from (Own(part, kind) for part in addresses.parts(plain))
        if kind is SpanKind.NAME and (bare := names.without_address(plain)) != plain:
            yield Own(bare, kind)
        if plain:
            yield Own(plain, kind)


def _stands(value: str, plain: Folded, text: str) -> Iterator[tuple[int, int]]:
    """Where the value stands; a short number not within a longer one, a long one also with other
    characters between its digits (138杠5912杠0033).
    """
    if len(value) > SHORT and value.isdigit():
        yield from _spread(value, plain)
    at = plain.text.find(value)
    while at >= 0:
        start, end = plain.span(at, at + len(value))
        within = (value[0].isdigit() and text[start - 1 : start].isdigit()) or (
            value[-1].isdigit() and text[end : end + 1].isdigit()
        )
        if len(value) > SHORT or not within:
            yield start, end
        at = plain.text.find(value, at + 1)


def _spread(value: str, plain: Folded) -> Iterator[tuple[int, int]]:
    """Where the digits of a number stand one after the other, and at most `BETWEEN` apart."""
    places = [at for at, character in enumerate(plain.text) if character.isdigit()]
    digits = "".join(plain.text[at] for at in places)
    at = digits.find(value)
    while at >= 0:
        taken = places[at : at + len(value)]
        if all(after - before <= BETWEEN + 1 for before, after in pairwise(taken)):
            yield plain.span(taken[0], taken[-1] + 1)
        at = digits.find(value, at + 1)
