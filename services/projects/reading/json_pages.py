"""What a platform's answer about one entry says, if that is JSON: its names are labels."""

from datetime import datetime

from services.projects.reading import details
from services.projects.reading.details import Named, PageReading
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.json_lists import at, moment, parsed, written
from services.projects.reading.json_rule import JsonApiRule, JsonPage
from services.projects.reading.labels import MAX_VALUE
from services.projects.reading.titles import MAX_TITLE


def read_page(text: str, url: str, rule: JsonApiRule, now: datetime) -> PageReading:
    """What the answer at `url`, or the page of HTML there, says as of `now`.

    Raises SourceFault for what is neither.
    """
    words = [word for cue in rule.items for word in cue.words]
    if rule.page is None:
        return details.read_page(text, url, rule.detail, now, words)
    answer = parsed(text)
    body = at(answer, rule.page.body)
    html, named = body if isinstance(body, str) else "", _named(answer, rule.page)
    if not (html or named.title or named.values):
        raise SourceFault(Fault.UNREADABLE, "the answer says nothing where the rule looks")
    return details.read_page(html, url, rule.detail, now, words, named)


def _named(answer: object, page: JsonPage) -> Named:
    found = moment(at(answer, page.time), page.time_unit)
    values = ((label, written(at(answer, path))) for label, path in page.values.items())
    return Named(
        title=written(at(answer, page.title))[:MAX_TITLE],
        times=(found,) if found else (),
        values=tuple((label, value[:MAX_VALUE]) for label, value in values if value),
    )
