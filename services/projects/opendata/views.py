"""Open data as files that are asked for again only when they have changed."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import orjson
from fastapi import Request, Response

from services.projects.opendata import atom, rules
from services.projects.opendata.atom import Feed
from services.projects.opendata.facts import PublicDuty
from services.projects.opendata.schemas import PublicationView
from services.projects.opendata.service import ExportPart
from shared.web import answers
from shared.web.conditions import unless_known
from shared.web.pagination import Page


def json_file(part: ExportPart, request: Request) -> Response:
    """A part as JSON, with the address of the next one."""
    return _file(orjson.dumps(part.content), "application/json", request, part.next_url)


def publications(part: ExportPart, request: Request) -> Response:
    """A part of the publications as a list."""
    rows = [publication_view(row) for row in part.content]
    page = Page[PublicationView](items=rows, next_cursor=part.next_cursor)
    return json_file(part._replace(content=page.model_dump(mode="json")), request)


def publication_view(row: PublicDuty) -> PublicationView:
    same = PublicationView.model_fields.keys() - {"duty_id", "published_at"}
    return PublicationView(
        duty_id=row.id,
        published_at=rules.published_at(row),
        **{name: getattr(row, name) for name in same},
    )


def table(
    part: ExportPart,
    name: str,
    made_by: Callable[[Iterable[Any], str], bytes],
    request: Request,
    language: str,
) -> Response:
    """A part as a table for spreadsheets, in the language that was asked for."""
    content = made_by(part.content, language)
    file = _file(content, "text/csv; charset=utf-8", request, part.next_url, name=name)
    answers.in_language(file, language)
    return file


def page(html: str, request: Request) -> Response:
    """A page for people; what it says may move any time."""
    return _file(html.encode(), "text/html; charset=utf-8", request)


def feed(entries: list[PublicDuty], head: Feed, request: Request) -> Response:
    """The newest publications as a feed, with the moment at which it changed last."""
    content, changed_at = atom.document(head, entries), atom.changed_at(entries)
    return _file(content, f"{atom.MEDIA_TYPE}; charset=utf-8", request, changed_at=changed_at)


def _file(
    content: bytes,
    media_type: str,
    request: Request,
    next_url: str | None = None,
    *,
    name: str | None = None,
    changed_at: datetime | None = None,
) -> Response:
    tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {"Cache-Control": "public, no-cache", "ETag": tag}
    if next_url is not None:
        headers["Link"] = f'<{next_url}>; rel="next"'
    if name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if changed_at is not None:
        headers["Last-Modified"] = format_datetime(changed_at.astimezone(UTC), usegmt=True)
    whole = Response(content, media_type=media_type, headers=headers)
    given = request.headers
    return unless_known(whole, given.get("if-none-match"), given.get("if-modified-since"))
