"""A person's name in pinyin, as people write their own. Pure, but for a table read once.

The table of readings is that of xpinyin: 30 milliseconds at the first use of a process, and 9 MB.
"""

from collections.abc import Iterator
from functools import cache
from itertools import islice, product

from services.feedback.redaction.names import surname_of

_LONGEST_NAME, _MOST_SPELLINGS = 6, 64
_WITH_UMLAUT = ("v", "u", "yu")
"""How ü is typed: Lv, Lu, Lyu."""


def spellings(name: str) -> Iterator[str]:
    """The letters of a name in simplified characters, family name first, and last.

    Characters of several readings in each of them. Nothing for a name of one syllable: its letters
    stand in too many other words.
    """
    readings = [_readings(character) for character in name]
    if not 2 <= len(name) <= _LONGEST_NAME or not all(readings):
        return
    family = len(surname_of(name))
    for syllables in islice(product(*readings), _MOST_SPELLINGS):
        first, given = "".join(syllables[:family]), "".join(syllables[family:])
        yield first + given
        if given:
            yield given + first


def _readings(character: str) -> list[str]:
    """Without tones; none for what is no Chinese character."""
    toned = _table().get(f"{ord(character):X}", "").split()
    found = dict.fromkeys(reading.rstrip("012345").lower() for reading in toned)
    return list(
        dict.fromkeys(
            plain
            for reading in found
            for plain in (
                [reading.replace("v", typed) for typed in _WITH_UMLAUT]
                if "v" in reading
                else [reading]
            )
        )
    )


@cache
def _table() -> dict[str, str]:
    from xpinyin import Pinyin

    pinyins: dict[str, str] = Pinyin().pinyins
    return pinyins
