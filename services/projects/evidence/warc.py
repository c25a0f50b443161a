"""Captures as a web archive (WARC 1.1, ISO 28500:2017): what was asked and what was answered."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http.client import responses
from io import BytesIO
from typing import BinaryIO, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from services.projects.evidence.models import DIGEST_HEADER, Capture

NOT_MODIFIED = 304
_UNCHANGED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_INFO = {
    "software": "OneDoor (services.projects)",
    "format": "WARC File Format 1.1",
    "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
    "robots": "classic",
    "description": "Bodies as received, once unpacked; of the headers of an answer those that are"
    " kept. WARC-Payload-Digest is the hash under which the evidence is stored and chained.",
}


class _Exchange(NamedTuple):
    """One answer of a portal and what it was asked, as two records have it.

    `request` None: of before it was kept, and none is made up.
    """

    record: UUID
    request_id: UUID
    url: str
    status: int
    headers: Mapping[str, str]
    request: Mapping[str, str] | None
    at: datetime
    sha256: str


class WebArchive:
    """Writes captures of one portal to `out`, a gzip member for each record.

    It begins with the warcinfo that all records name. A capture is a response with its request, or
    a revisit where the portal said that nothing had changed; before it stand the answers that led
    to its address, in their order.
    """

    def __init__(self, out: BinaryIO, portal: str, name: str) -> None:
        self._writer = WARCWriter(out, gzip=True, warc_version="1.1")
        info = self._writer.create_warcinfo_record(name, {**_INFO, "isPartOf": f"portal {portal}"})
        self._info_id = info.rec_headers.get_header("WARC-Record-ID")
        self._writer.write_record(info)

    def add(self, captured: "Captured") -> None:
        """One capture; with a revisit goes where its bytes were received, if that is known."""
        capture, posted = captured.capture, captured.posted
        for led, its_body in zip(_led_to(capture), captured.redirects, strict=True):
            self._write(led, "response", {}, its_body, posted)
        own = _exchange(capture)
        if capture.status == NOT_MODIFIED:
            self._write(own, "revisit", _refers_to(captured.earlier), b"", posted)
        else:
            self._write(own, "response", {}, captured.body, posted)

    def _write(
        self,
        exchange: _Exchange,
        kind: str,
        headers: Mapping[str, str],
        body: bytes,
        posted: bytes | None,
    ) -> None:
        line = f"{exchange.status} {responses.get(exchange.status, '')}".strip()
        answered = StatusAndHeaders(line, [*exchange.headers.items()], protocol="HTTP/1.1")
        digest = {"WARC-Payload-Digest": f"sha256:{exchange.sha256}"}
        own = {"WARC-Record-ID": _urn(exchange.record), **digest, **headers}
        self._write_record(exchange, kind, own, answered, body)
        if exchange.request is not None:
            has_sent = posted if DIGEST_HEADER in exchange.request else None
            self._write_request(exchange, exchange.request, has_sent)

    def _write_request(
        self, exchange: _Exchange, sent: Mapping[str, str], posted: bytes | None
    ) -> None:
        where = urlsplit(exchange.url)
        target = (where.path or "/") + (f"?{where.query}" if where.query else "")
        line = f"{'GET' if posted is None else 'POST'} {target} HTTP/1.1"
        asked = StatusAndHeaders(line, [*sent.items()], is_http_request=True)
        headers = {
            "WARC-Record-ID": _urn(exchange.request_id),
            "WARC-Concurrent-To": _urn(exchange.record),
        }
        self._write_record(exchange, "request", headers, asked, posted or b"")

    def _write_record(
        self,
        exchange: _Exchange,
        kind: str,
        headers: Mapping[str, str],
        http: StatusAndHeaders,
        body: bytes,
    ) -> None:
        record = self._writer.create_warc_record(
            exchange.url,
            kind,
            payload=BytesIO(body),
            length=len(body),
            http_headers=http,
            warc_headers_dict={
                "WARC-Date": _moment(exchange.at),
                "WARC-Warcinfo-ID": self._info_id,
                **headers,
            },
        )
        self._writer.write_record(record)


class Captured(NamedTuple):
    """A capture with its bytes; of one that was not modified where they were received; the bytes
    of each answer that led to it; and what was sent for it, if anything was."""

    capture: Capture
    body: bytes
    earlier: Capture | None = None
    redirects: Sequence[bytes] = ()
    posted: bytes | None = None


def packed(portal: str, name: str, captures: Iterable[Captured]) -> bytes:
    """An archive of some captures, in hand. Packs their bytes: not for the thread of requests."""
    out = BytesIO()
    archive = WebArchive(out, portal, name)
    for each in captures:
        archive.add(each)
    return out.getvalue()


def _exchange(capture: Capture) -> _Exchange:
    return _Exchange(
        record=capture.id,
        request_id=uuid5(capture.id, "request"),
        url=capture.final_url,
        status=capture.status,
        headers=capture.headers,
        request=capture.request_headers,
        at=capture.fetched_at,
        sha256=capture.sha256,
    )


def _led_to(capture: Capture) -> Iterator[_Exchange]:
    """What was asked before, whose answers led to the capture's own address."""
    for number, led in enumerate(capture.redirects or ()):
        yield _Exchange(
            record=uuid5(capture.id, f"redirect {number}"),
            request_id=uuid5(capture.id, f"redirect {number} request"),
            url=led["url"],
            status=led["status"],
            headers=led["headers"],
            request=led["request_headers"],
            at=datetime.fromisoformat(led["fetched_at"]),
            sha256=led["sha256"],
        )


def _refers_to(earlier: Capture | None) -> dict[str, str]:
    named = {"WARC-Profile": _UNCHANGED}
    if earlier is not None:
        named |= {
            "WARC-Refers-To": _urn(earlier.id),
            "WARC-Refers-To-Target-URI": earlier.final_url,
            "WARC-Refers-To-Date": _moment(earlier.fetched_at),
        }
    return named


def _urn(record: UUID) -> str:
    return f"<urn:uuid:{record}>"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
