"""Captures as a web archive (WARC 1.1, ISO 28500:2017): what was asked and what was answered."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from http.client import responses
from io import BytesIO
from typing import BinaryIO, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from services.projects.evidence.models import Capture

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


class WebArchive:
    """Writes captures of one portal to `out`, a gzip member for each record.

    It begins with the warcinfo that all records name. A capture is a response with its request, or
    a revisit where the portal said that nothing had changed; one of before requests were kept has
    none, for none is made up.
    """

    def __init__(self, out: BinaryIO, portal: str, name: str) -> None:
        self._writer = WARCWriter(out, gzip=True, warc_version="1.1")
        info = self._writer.create_warcinfo_record(name, {**_INFO, "isPartOf": f"portal {portal}"})
        self._info_id = info.rec_headers.get_header("WARC-Record-ID")
        self._writer.write_record(info)

    def add(
        self,
        capture: Capture,
        body: bytes,
        earlier: Capture | None = None,
        posted: bytes | None = None,
    ) -> None:
        """`earlier`: of one that was not modified, the capture in which its bytes were received.
        `posted`: what was sent, if anything was."""
        if capture.status == NOT_MODIFIED:
            self._writer.write_record(self._revisit(capture, earlier))
        else:
            headers = {"WARC-Payload-Digest": f"sha256:{capture.sha256}"}
            self._writer.write_record(self._record(capture, "response", headers, body))
        if capture.request_headers is not None:
            self._writer.write_record(self._request(capture, capture.request_headers, posted))

    def _revisit(self, capture: Capture, earlier: Capture | None) -> ArcWarcRecord:
        headers = {"WARC-Profile": _UNCHANGED, "WARC-Payload-Digest": f"sha256:{capture.sha256}"}
        if earlier is not None:
            headers |= {
                "WARC-Refers-To": _urn(earlier.id),
                "WARC-Refers-To-Target-URI": earlier.final_url,
                "WARC-Refers-To-Date": _moment(earlier.fetched_at),
            }
        return self._record(capture, "revisit", headers, b"")

    def _record(
        self, capture: Capture, kind: str, headers: Mapping[str, str], body: bytes
    ) -> ArcWarcRecord:
        line = f"{capture.status} {responses.get(capture.status, '')}".strip()
        answered = StatusAndHeaders(line, [*capture.headers.items()], protocol="HTTP/1.1")
        return self._made(capture, kind, _urn(capture.id), headers, answered, body)

    def _request(
        self, capture: Capture, sent: Mapping[str, str], posted: bytes | None
    ) -> ArcWarcRecord:
        where = urlsplit(capture.final_url)
        target = (where.path or "/") + (f"?{where.query}" if where.query else "")
        line = f"{'GET' if posted is None else 'POST'} {target} HTTP/1.1"
        asked = StatusAndHeaders(line, [*sent.items()], is_http_request=True)
        headers = {"WARC-Concurrent-To": _urn(capture.id)}
        own = _urn(uuid5(capture.id, "request"))
        return self._made(capture, "request", own, headers, asked, posted or b"")

    def _made(
        self,
        capture: Capture,
        kind: str,
        record_id: str,
        headers: Mapping[str, str],
        http: StatusAndHeaders,
        body: bytes,
    ) -> ArcWarcRecord:
        common = {
            "WARC-Record-ID": record_id,
            "WARC-Date": _moment(capture.fetched_at),
            "WARC-Warcinfo-ID": self._info_id,
        }
        return self._writer.create_warc_record(
            capture.final_url,
            kind,
            payload=BytesIO(body),
            length=len(body),
            http_headers=http,
            warc_headers_dict={**common, **headers},
        )


class Captured(NamedTuple):
    """A capture with its bytes, of one that was not modified where they were received, and what
    was sent for it, if anything was."""

    capture: Capture
    body: bytes
    earlier: Capture | None = None
    posted: bytes | None = None


def packed(portal: str, name: str, captures: Iterable[Captured]) -> bytes:
    """An archive of some captures, in hand. Packs their bytes: not for the thread of requests."""
    out = BytesIO()
    archive = WebArchive(out, portal, name)
    for each in captures:
        archive.add(*each)
    return out.getvalue()


def _urn(record: UUID) -> str:
    return f"<urn:uuid:{record}>"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
