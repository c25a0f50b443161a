"""`@provokes("book_appointment", "slot-full")`: the test makes that operation answer that problem.

The mark is a claim that is held against what the test saw, so that the house rule in
`tests/contracts/test_problems_provoked.py` can read the marks alone and run nothing. It counts
marks only on tests that `make test` runs, and a marked test that is skipped all the same fails.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
import pytest

from shared.errors import MEDIA_TYPE
from tests.contracts import problem_entries

ANY = "*"


class Seen(NamedTuple):
    """A problem as a caller got it."""

    operation: str | None
    slug: str
    answer: httpx.Response

    def claims(self) -> set[tuple[str | None, str]]:
        """The claims that it bears out."""
        return {(self.operation, self.slug), (ANY, self.slug)}


def provokes(operation: str, *slugs: str) -> pytest.MarkDecorator:
    """Write both as literals: the house rule reads the source.

    `"*"` stands for any operation: for a problem that every route may answer.
    """
    return pytest.mark.provokes(operation, *slugs)


def claims(item: pytest.Item | Any) -> set[tuple[str, str]]:
    """What the marks of a test claim."""
    marks = item.iter_markers("provokes")
    return {(mark.args[0], slug) for mark in marks for slug in mark.args[1:]}


def held(report: pytest.TestReport, claimed: Collection[tuple[str, str]]) -> pytest.TestReport:
    """A test that claims and does not run fails: the rule counts its claims as proven."""
    if claimed and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"it claims {sorted(claimed)}, and did not run: {report.longrepr}"
        vars(report).pop("wasxfail", None)
    return report


@contextmanager
def watching(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Seen]]:
    """Every problem that an HTTP client is answered with."""
    seen: list[Seen] = []
    send = httpx.AsyncClient.send

    async def watched(
        client: httpx.AsyncClient, request: httpx.Request, *, stream: bool = False, **options: Any
    ) -> httpx.Response:
        answer = await send(client, request, stream=stream, **options)
        if not stream and answer.headers.get("content-type") == MEDIA_TYPE:
            operation = problem_entries.operation_of(request.method, request.url.path)
            kind = str(answer.json()["type"])
            seen.append(Seen(operation, kind.removeprefix("/problems/"), answer))
        return answer

    monkeypatch.setattr(httpx.AsyncClient, "send", watched)
    yield seen


def of(seen: Iterable[Seen]) -> set[tuple[str | None, str]]:
    """Which claims these problems bear out."""
    return {claim for one in seen for claim in one.claims()}


def check(seen: Seen) -> None:
    """A problem says in the language asked for what happened and what to do next."""
    document, answer = seen.answer.json(), seen.answer
    wants_english = answer.request.headers.get("accept-language", "").startswith("en")
    assert document["status"] == answer.status_code
    assert answer.headers["content-language"] == ("en" if wants_english else "zh")
    assert document["title"].isascii() is wants_english, document
    assert document.get("detail") or document.get("errors"), "no advice on what to do next"
