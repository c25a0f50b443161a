"""Decisions that a page publishes in sentences, one after another: each line is a record. Pure.

Nobody put them under heads, so that a person looks at each before it counts.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from services.projects.reading.article import is_furniture
from services.projects.reading.dates import plain
from services.projects.reading.facts import CODE_LABELS, PROJECT_CODE, DecisionFacts, Labels
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.tables import Record
from services.projects.reading.text import one_line
from services.projects.reading.titles import may_be_of_many

MAX_RECORDS = 2000
SHORTEST_LINE, LONGEST_LINE = 4, 1000

_CODE = "项目代码"
_SENTENCE = re.compile(r"[;。]")


def prose_records(
    text: str, title: str, labels: Labels, facts: DecisionFacts, words: Sequence[str]
) -> list[Record]:
    """A record for each of several project codes in the text; under a title that may be of many
    (`words` are the items') also for each line without one, which may name a project.

    What the page is about by its own facts is the page's, and no record; one that labels a project
    is of that one alone. Raises SourceFault(too_large) for more than any page has.
    """
    are_several = facts.project_code is None and len(set(PROJECT_CODE.findall(text))) > 1
    is_labelled = facts.project_code is not None and any(word in labels for word in CODE_LABELS)
    is_of_one = facts.project_name is not None or is_labelled
    is_of_many = not is_of_one and may_be_of_many(title, words)
    if not (are_several or is_of_many):
        return []
    found = []
    for line in [line for each in text.splitlines() if _may_say(line := one_line(each), title)]:
        if facts.project_code is not None and facts.project_code in line:
            continue
        coded = list(_coded(line)) if are_several else []
        found += coded or [Record({}, line, is_prose=True)] * is_of_many
    if len(found) > MAX_RECORDS:
        raise SourceFault(Fault.TOO_LARGE, f"more than {MAX_RECORDS} records in its sentences")
    return _once(found)


def _may_say(line: str, title: str) -> bool:
    is_long_enough = len(line) >= SHORTEST_LINE
    return is_long_enough and line != one_line(plain(title)) and not is_furniture(line)


def _coded(line: str) -> Iterator[Record]:
    """A record for each code of a line, with the sentence in which it stands."""
    for sentence in _SENTENCE.split(line):
        for code in dict.fromkeys(PROJECT_CODE.findall(sentence)):
            yield Record({_CODE: code}, sentence.strip()[:LONGEST_LINE], is_prose=True)


def _once(records: Iterable[Record]) -> list[Record]:
    """Of what is said twice the first."""
    return list({(each.text, each.code): each for each in reversed([*records])}.values())[::-1]
