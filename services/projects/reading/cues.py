"""Which catalogue item a page is of, and names in one form. Pure."""

import re
import unicodedata
from collections.abc import Iterable

from services.projects.reading.rule import ItemCue

BEFORE_APPROVAL = re.compile(r"审批前|批前|拟审批|拟批准|拟核准|拟作出|受理公[示告]")
"""A notice before the decision is not the publication of the decision."""

_NOT_A_WORD = re.compile(r"[^0-9a-z㐀-鿿]+")


def item_codes(cues: Iterable[ItemCue], column: str | None, title: str) -> frozenset[str]:
    """The catalogue items that a page's column stands for, else those whose words its title has."""
    known = list(cues)
    by_column = {cue.item_code for cue in known if column and column in cue.columns}
    by_words = {cue.item_code for cue in known if any(word in title for word in cue.words)}
    if by_column and by_words & by_column:
        return frozenset(by_words & by_column)
    return frozenset(by_column or by_words)


def normal_name(text: str) -> str:
    """A name without spaces, punctuation and differences of width."""
    return _NOT_A_WORD.sub("", unicodedata.normalize("NFKC", text).lower())
