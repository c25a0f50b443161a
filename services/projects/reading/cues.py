"""Which catalogue item a page is of. Pure."""

import re
from collections.abc import Iterable

from services.projects.reading.rule import ItemCue

BEFORE_APPROVAL = re.compile(r"审批前|批前|拟审批|拟批准|拟核准|拟作出|受理公[示告]")
"""A notice before the decision is not the publication of the decision."""


def item_codes(cues: Iterable[ItemCue], column: str | None, title: str) -> frozenset[str]:
    """The catalogue items that a page's column stands for, else those whose words its title has."""
    known = list(cues)
    by_column = {cue.item_code for cue in known if column and column in cue.columns}
    by_words = {cue.item_code for cue in known if any(word in title for word in cue.words)}
    if by_column and by_words & by_column:
        return frozenset(by_words & by_column)
    return frozenset(by_column or by_words)
