"""Several hundred requests that are odd in every way that we know, for any service's operations."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from shared.web.http_protocol import HEAD_BYTES

JSON = {"content-type": "application/json"}
PLACEHOLDER = "01993f6a-6c00-7abc-8def-0123456789ab"


class Odd(NamedTuple):
    """One request; `who` is None, or the role of whoever signs it."""

    method: str
    path: bytes
    query: bytes = b""
    headers: dict[str, str] = {}
    body: bytes = b""
    who: str | None = "everybody"

    @property
    def label(self) -> str:
        shown = {**self.headers, "body": self.body[:40]}
        return f"{self.method} {self.path!r}?{self.query!r} {self.who} {shown}"


BODIES = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"7",
    b'"words"',
    b"{",
    b"{} {}",
    b"nonsense",
    b'{"version": 1, "version": 2}',
    b'{"inside": {"a": 1, "a": 2}}',
    b'{"colour": 1}',
    b'{"colour": "\\u0000"}',
    b'{"colour": "\x00"}',
    b'{"colour": "\\ud800"}',
    b'{"colour": NaN}',
    b'{"colour": 1e999}',
    b'{"colour": 123456789012345678901234567890}',
    b'{"colour": ' + b"9" * 5000 + b"}",
    b"[" * 2000 + b"]" * 2000,
    b"\xef\xbb\xbf{}",
    '{"colour": "é"}'.encode("latin-1"),
    '{"colour": "é"}'.encode("utf-16"),
    b" \n {} ",
    b"x" * 1_000_001,
)
"""As bodies of JSON, whatever the operation takes."""
TYPES = (
    "",
    "text/plain",
    "application/json;charset=utf-8",
    "application/json; charset=latin-1",
    "application/merge-patch+json",
    "text/other+json",
    "APPLICATION/JSON",
    "application/json, text/plain",
    "application/json/more",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/x-www-form-urlencoded",
    "text/csv",
)
QUERIES = (
    b"nothing=1",
    b"limit=1&limit=2",
    b"limit=0",
    b"limit=many",
    b"limit=201",
    b"limit=",
    b"cursor=broken",
    b"cursor=W10",
    b"_=1",
    b"%00=1",
    b"limit=%00",
    b"q=%ff",
    b"&&=&",
    b"a" * 60 + b"=1",
)
HEADERS: tuple[dict[str, str], ...] = (
    {"accept-language": "en"},
    {"accept-language": "EN-gb,zh"},
    {"authorization": "Bearer"},
    {"authorization": "Bearer nonsense"},
    {"authorization": "Basic YTpi"},
    {"authorization": "bearer  two words"},
    {"if-match": "soon"},
    {"if-match": "*"},
    {"if-match": 'W/"3"'},
    {"idempotency-key": ""},
    {"idempotency-key": "short"},
    {"idempotency-key": "k" * 256},
    {"idempotency-key": "k" * 40},
    {"idempotency-key": "with\ttab and more of it"},
    {"x-request-id": "my-own-request-id"},
    {"x-request-id": "!"},
    {"traceparent": "nonsense"},
    {"x-deadline-seconds": "0"},
    {"x-deadline-seconds": "-1"},
    {"content-length": "soon"},
    {"content-length": "1000001"},
    {"transfer-encoding": "chunked"},
    {"x-long": "x" * HEAD_BYTES},
    {"cookie": "a=b; c"},
)


def of_every(operations: list[tuple[str, str, bool]]) -> Iterator[Odd]:
    """A few of every operation: (method, template, whether it takes a body)."""
    for method, template, takes_body in operations:
        for name in ("NOBODY", PLACEHOLDER):
            path = re.sub(r"\{[^}]+\}", name, template).encode()
            plain = Odd(method, path, headers=JSON if takes_body else {})
            body = b"{}" if takes_body else b""
            yield plain._replace(body=body)
            yield plain._replace(body=body, who=None)
        yield plain._replace(body=body, who="citizen")
        yield plain._replace(body=b'{"colour": 1}', headers=JSON)
        yield plain._replace(body=body, query=b"nothing=1")
        for other in ("HEAD", "OPTIONS", "PATCH"):
            yield plain._replace(method=other, headers={})
        yield plain._replace(path=path + b"/", body=body)


def of_one(method: str, path: bytes) -> Iterator[Odd]:
    """Everything that can be odd about a request to one operation."""
    plain = Odd(method, path)
    for body in BODIES:
        yield plain._replace(headers=JSON, body=body)
        yield plain._replace(headers={**JSON, "if-match": "3"}, body=body)
        yield plain._replace(headers=JSON, body=body, who=None)
        yield plain._replace(headers={**JSON, "idempotency-key": "k" * 20}, body=body)
    for kind in TYPES:
        named = {"content-type": kind} if kind else {}
        yield plain._replace(headers=named, body=b'{"colour": 1}')
        yield plain._replace(headers=named, body=b"--x\r\n\r\n\r\n--x--\r\n")
        yield plain._replace(headers=named)
    for query in QUERIES:
        yield plain._replace(query=query)
        yield plain._replace(query=query, who=None, headers={"accept-language": "en"})
    for headers in HEADERS:
        yield plain._replace(headers={**JSON, **headers}, body=b'{"colour": 1}')
        yield plain._replace(headers=headers, who=None)


def addresses(path: bytes) -> Iterator[Odd]:
    """Ways to write an address that is nearly `path`."""
    inside = path.rpartition(b"/")[0]
    for method in ("GET", "POST", "HEAD", "OPTIONS", "TRACE", "FOO", "get"):
        for odd in (
            *(path, path + b"/", path + b"//", b"/" + path, path.replace(b"/", b"//")),
            *(path + b"%0A", path + b"%00", path + b"%2F", path + b".", path + b"?"),
            *(inside, inside + b"/", inside + b"/%20", inside + b"/..", inside + b"/%FF"),
            *(b"/", b"//", b"/api", b"/api/v1", b"/api/v1/", b"/nothing/at/all", b"*"),
            *(b"/healthz", b"/healthz/", b"/openapi.json/", b"/docs"),
        ):
            yield Odd(method, odd)
            yield Odd(method, odd, who=None)


def scope_of(odd: Odd, signed: dict[str, str]) -> dict[str, Any]:
    """The request as uvicorn hands it to an application."""
    path, _, inside = odd.path.partition(b"?")
    headers = {"host": "test", "content-length": str(len(odd.body)), **signed, **odd.headers}
    if not odd.body and "content-length" not in odd.headers:
        del headers["content-length"]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": odd.method,
        "scheme": "http",
        "path": unquote(path.decode("latin-1")),
        "raw_path": path,
        "query_string": odd.query or inside,
        "root_path": "",
        "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
