"""Reading again only what has changed: its conditions, and what a 304 says (RFC 9110).

The one place that compares tags, so that a condition means the same wherever it is asked.
"""

import re
from collections.abc import Iterable
from email.utils import parsedate_to_datetime

from fastapi import Response

_TAG = re.compile(r'(?:W/)?("[^"]*")')
_OF_A_BODY = frozenset((b"content-type", b"content-length", b"content-encoding", b"content-range"))


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Whether who asks has the content of that tag already.

    Tags are compared weakly, since compressed content is sent with a weak one, and `*` stands for
    any content that there is (section 13.1.2).
    """
    if not if_none_match:
        return False
    if if_none_match.strip() == "*":
        return True
    return tag.removeprefix("W/") in _TAG.findall(if_none_match)


def is_as_late(last_modified: str | None, if_modified_since: str | None) -> bool:
    """Whether who asks has seen the content since it changed last; a date that is none says
    nothing (section 13.1.3).
    """
    if last_modified is None or not if_modified_since:
        return False
    try:
        return parsedate_to_datetime(if_modified_since) >= parsedate_to_datetime(last_modified)
    except (ValueError, TypeError):
        return False


def unless_known(
    content: Response, if_none_match: str | None, if_modified_since: str | None = None
) -> Response:
    """The answer, which has an ETag; or 304 where who asks has it already. What they say of its
    time counts where they say nothing of its tag.
    """
    if if_none_match:
        known = is_known(content.headers["etag"], if_none_match)
    else:
        known = is_as_late(content.headers.get("last-modified"), if_modified_since)
    if not known:
        return content
    answer = Response(status_code=304)
    answer.raw_headers = not_modified(content.raw_headers)
    return answer


def not_modified(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of a 304: those of the 200 but what is said of a body (section 15.4.5)."""
    return [each for each in headers if each[0].lower() not in _OF_A_BODY]
