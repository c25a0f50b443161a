"""Requests generated from an OpenAPI document, good and bad ones, each answer held against it.

Imported where they are sent: Schemathesis takes seconds to import.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

EXAMPLES = 4
BUSY = (503, 504)
"""Refusals under load, with Retry-After: the system says that it is busy, and nothing is wrong."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def broken(document: Mapping[str, Any], url: str, headers: dict[str, str]) -> list[str]:
    """What the system at `url` answers otherwise than the document says, by operation."""
    schema = schemathesis.openapi.from_dict(dict(document))
    schema.config.update(base_url=url)
    found: list[str] = []
    every: list[Any] = list(schema.get_all_operations())
    for operation in (each.ok() for each in every):
        if _streams(operation):
            continue
        try:
            _ask(operation, headers)
        except (AssertionError, schemathesis.errors.SchemathesisError, ExceptionGroup) as fault:
            found.append(f"{operation.label}: {_shown(fault)}")
    return found


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


def _shown(fault: BaseException) -> str:
    """The first failures, without the traceback."""
    if isinstance(fault, ExceptionGroup):
        return " / ".join(_shown(inner) for inner in fault.exceptions[:3])
    return str(fault)[:900]
