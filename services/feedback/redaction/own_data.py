"""Somebody's own data, found wherever it stands and however it is written there. Pure."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise, product
from typing import NamedTuple

from services.feedback.redaction import addresses, names, own_names, romanised
from services.feedback.redaction.characters import (
    Folded,
    as_read,
    digits_read,
    letters_and_digits,
    lookalikes_as_digits,
)
from services.feedback.redaction.simplified import simplified
from services.feedback.redaction.spans import Own, Span, SpanKind, redact
from shared.security.personal import normalise_phone

BLACK = "█"
BETWEEN = 3
"""So many letters or words may stand between two digits of a number that is known."""
SHORT = 6
"""Up to so many characters a number of somebody's may be a part of another."""
_FEWEST_DIGITS = 3
"""So many digits must be written as such where letters stand for the others."""
_DIGIT = re.compile(r"\d")
_FREE = re.compile(rb"\0+")
_PHONES = frozenset({SpanKind.PHONE, SpanKind.LANDLINE})


class _Digits(NamedTuple):
    """The digits of a text, and where each of them stands."""

    text: str
    places: list[int]


class _Readings(NamedTuple):
    """A text in each way that a number is looked for in it: read once, for all of thousands."""

    plain: Folded
    digits: _Digits
    alike: str
    digits_alike: _Digits


def _readings(text: str) -> _Readings:
    plain = letters_and_digits(text)
    alike = lookalikes_as_digits(plain.text)
    return _Readings(plain, _digits(plain.text), alike, _digits(alike))


def _digits(text: str) -> _Digits:
    places = [digit.start() for digit in _DIGIT.finditer(text)]
    return _Digits("".join(text[at] for at in places), places)


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
    covered = bytearray(len(text))
    found: list[Span] = []
    for start, end, kind in _all_that_stands(text, personal):
        # Of what overlaps another one, the rest: ten digits of a number lead to it as well.
        for free in _FREE.finditer(covered, start, end):
            found.append(Span(*free.span(), kind))
        covered[start:end] = b"\1" * (end - start)
    return sorted(found)


def _all_that_stands(text: str, personal: frozenset[Own]) -> Iterator[Span]:
    """The longest forms first."""
    readings = _readings(text)
    yield from (Span(*where, SpanKind.ADDRESS) for where in _by_numbers(text, personal))
    for value, kind in sorted(
        set(_spelled(personal)), key=lambda own: (-len(own.value), own.value)
    ):
        yield from (Span(*where, kind) for where in _stands(value, readings, text))
    yield from _called(text, readings, personal)


def _by_numbers(text: str, personal: frozenset[Own]) -> Iterator[tuple[int, int]]:
    """Where the numbers of a dwelling stand without what they number: 3-501 of 3栋501室."""
    known = {
        numbers
        for own in personal
        if own.kind is SpanKind.ADDRESS
        for numbers in addresses.numbers(digits_read(as_read(own.value).text))
    }
    if known:
        folded = as_read(text)
        where = addresses.by_numbers(digits_read(folded.text), frozenset(known))
        yield from (folded.span(start, end) for start, end in where)


def _called(text: str, readings: _Readings, personal: frozenset[Own]) -> Iterator[Span]:
    """Where somebody is called by a part of their name, and no other word is meant."""
    plain = simplified(text)
    for own in sorted(personal):
        if own.kind is not SpanKind.NAME:
            continue
        bare = names.without_address(letters_and_digits(own.value).text)
        for form in own_names.called(bare, names.without_address(_characters(own.value))):
            for start, end in _stands(form.value, readings, text):
                is_read_so = _characters(text[start:end]) == form.read
                if is_read_so and not own_names.is_another_word(plain, start, end):
                    yield Span(start, end, form.kind)


def _spelled(personal: frozenset[Own]) -> Iterator[Own]:
    """Each by its letters and digits; a phone number with and without what is dialled before it,
    a name with and without a form of address and in pinyin, an address in parts.
    """
    for value, kind in personal:
        plain = letters_and_digits(value).text
        if kind in _PHONES:
            with suppress(ValueError):
                plain = normalise_phone(value).removeprefix("+86").removeprefix("+")
                yield from (Own(before + plain, kind) for before in ("0086", "86", "0"))
        if kind is SpanKind.ADDRESS:
            yield from (Own(part, kind) for part in addresses.parts(plain))
        if kind is SpanKind.EMAIL:
            yield from (Own(form, kind) for form in _mail_as_typed(value))
        if kind is SpanKind.NAME:
            bare = names.without_address(plain)
            pinyin = romanised.spellings(names.without_address(_characters(value)))
            yield from (Own(form, kind) for form in {bare, *pinyin} - {plain})
        if plain and not (kind is SpanKind.ADDRESS and plain.isdigit()):
            yield Own(plain, kind)


def _mail_as_typed(address: str) -> Iterator[str]:
    """An address with its signs, which are left out, and with words for them."""
    bare = as_read(address).text.replace("艾特", "@").replace("点", ".")
    for at, dot in product(("@", "艾特"), (".", "点")):
        yield letters_and_digits(bare.replace("@", at).replace(".", dot)).text


def _characters(name: str) -> str:
    """Of a name, without what is none: here 陆 is no six."""
    return "".join(filter(str.isalpha, as_read(name).text))


def _stands(value: str, readings: _Readings, text: str) -> Iterator[tuple[int, int]]:
    """Where the value stands; a short number not within a longer one, a long one also with other
    characters between its digits (138杠5912杠0033), letters not within other ones. Letters may
    stand for digits that look like them (l38O).
    """
    plain = readings.plain
    if len(value) > SHORT and value.isdigit():
        yield from (plain.span(at[0], at[-1] + 1) for at in _apart(value, readings.digits))
    if sum(map(str.isdigit, value)) >= SHORT:
        yield from _with_lookalikes(value, readings)
    for at in _places(value, plain.text):
        start, end = plain.span(at, at + len(value))
        within = (value[0].isdigit() and text[start - 1 : start].isdigit()) or (
            value[-1].isdigit() and text[end : end + 1].isdigit()
        )
        if value.isascii() and value.isalpha():
            within, short = _within_letters(plain, at, at + len(value)), True
        else:
            short = len(value) <= SHORT
        if not short or not within:
            yield start, end


def _places(value: str, text: str) -> Iterator[int]:
    at = text.find(value)
    while at >= 0:
        yield at
        at = text.find(value, at + 1)


def _within_letters(plain: Folded, first: int, end: int) -> bool:
    """Whether other letters stand right before or behind these: mali in malice."""
    return any(
        0 <= other < len(plain.text)
        and plain.text[other].isascii()
        and plain.text[other].isalpha()
        and abs(plain.origin[other] - plain.origin[own]) <= 1
        for own, other in ((first, first - 1), (end - 1, end))
    )


def _with_lookalikes(value: str, readings: _Readings) -> Iterator[tuple[int, int]]:
    """Where it stands if letters are read as the digits that they look like, some digits though."""
    plain, wanted = readings.plain, lookalikes_as_digits(value)
    whole = _places(wanted, readings.alike)
    found: list[Sequence[int]] = [range(at, at + len(value)) for at in whole]
    if value.isdigit():
        found += _apart(wanted, readings.digits_alike)
    for taken in found:
        if sum(plain.text[at].isdigit() for at in taken) >= _FEWEST_DIGITS:
            yield plain.span(taken[0], taken[-1] + 1)


def _apart(value: str, digits: _Digits) -> Iterator[Sequence[int]]:
    """Where the digits of a number stand one after the other, and at most `BETWEEN` apart."""
    for at in _places(value, digits.text):
        taken = digits.places[at : at + len(value)]
        if all(after - before <= BETWEEN + 1 for before, after in pairwise(taken)):
            yield taken
