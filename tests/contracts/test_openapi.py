"""The one OpenAPI document: true to what the services answer, whatever they are asked.

Requests are generated from the document, good and bad ones, and sent through the gateway of a
running system by somebody who may do everything. No answer may be a 5xx (but "busy, try again"),
carry an undocumented status or media type, or break its schema.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contracts.permissions import almighty
from tests.system import System

pytestmark = [pytest.mark.xdist_group("system"), pytest.mark.slow]

EXAMPLES = 8
BUSY = (503, 504)
"""Refusals under load, with Retry-After: the system says that it is busy, and nothing is wrong."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def _operations(system: System) -> list[Any]:
    document = httpx.get(f"{system.url}/openapi.json", timeout=30).json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=system.url)
    found: list[Any] = list(schema.get_all_operations())
    return [operation.ok() for operation in found]


def test_nothing_that_is_asked_breaks_the_document(system: System) -> None:
    headers = almighty(Path(system.addresses["GATEWAY_KEYS_DIR"]))
    broken: list[str] = []
    for operation in _operations(system):
        if _streams(operation):
            continue
        try:
            _ask(operation, headers)
        except (AssertionError, schemathesis.errors.SchemathesisError, ExceptionGroup) as fault:
            broken.append(f"{operation.label}: {_told(fault)}")
    assert not broken, "\n\n".join(broken)


def _streams(operation: Any) -> bool:
    """Live streams answer for as long as one listens."""
    return "/live/" in operation.path


def _ask(operation: Any, headers: dict[str, str]) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=timedelta(seconds=30),
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    def asked(case: Any) -> None:
        answer = case.call(headers=headers, timeout=30)
        if answer.status_code not in BUSY:
            case.validate_response(answer, checks=CHECKS)

    asked()


def _told(fault: BaseException) -> str:
    """The first failures, without the traceback."""
    if isinstance(fault, ExceptionGroup):
        return " / ".join(_told(inner) for inner in fault.exceptions[:3])
    return str(fault)[:900]
