"""Every example of a body in the documents is a request that works on the demo."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from services.gateway.documents.sharing import responses_of
from tests.contracts.visitor import Visitor

pytestmark = [pytest.mark.xdist_group("system"), pytest.mark.slow]

TRANSPORT = {
    *{"connection", "content-length", "content-type", "date", "server", "transfer-encoding"},
    *{"vary", "content-encoding", "content-security-policy", "x-content-type-options"},
}
"""What HTTP itself says of any answer, and what keeps browsers safe."""


def test_every_body_has_an_example(visitor: Visitor) -> None:
    lacking = [
        name
        for name, (_, _, operation) in visitor.operations().items()
        if "requestBody" in operation
        and "example" not in next(iter(operation["requestBody"]["content"].values()))
    ]
    assert lacking == [], "put it into the service's examples.json"


def test_every_example_works_on_the_demo(visitor: Visitor) -> None:
    refused = "\n".join(f"{name}: {answers}" for name, answers in visitor.refused.items())
    assert not refused, refused


def test_answers_have_the_headers_that_the_document_names(visitor: Visitor) -> None:
    undeclared = {
        f"{name}: {header}"
        for name, (_, _, operation) in visitor.operations().items()
        for answer in visitor.answers[name]
        if "requestBody" in operation
        for header in _undeclared(responses_of(visitor.document(), operation), answer)
    }
    assert undeclared == set()


def _undeclared(responses: Mapping[str, Any], answer: httpx.Response) -> set[str]:
    """The headers of an answer that the document does not name."""
    declared = responses.get(str(answer.status_code), {}).get("headers", {})
    known = {name.lower() for name in declared} | TRANSPORT
    return {name for name in answer.headers if name not in known}
