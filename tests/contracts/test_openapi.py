"""The one OpenAPI document: true to what the services answer, whatever they are asked.

Requests are generated from the document, good and bad ones, and sent through the gateway of a
running system by somebody who may do everything. No answer may be a 5xx (but "busy, try again"),
carry an undocumented status or media type, or break its schema.
"""

from importlib import import_module
from pathlib import Path

import httpx
import pytest

from tests.contracts.permissions import almighty
from tests.system import System

pytestmark = [pytest.mark.xdist_group("system"), pytest.mark.slow]


def test_nothing_that_is_asked_breaks_the_document(system: System) -> None:
    requests = import_module("tests.contracts.generated_requests")
    document = httpx.get(f"{system.url}/openapi.json", timeout=30).json()
    headers = almighty(Path(system.addresses["GATEWAY_KEYS_DIR"]))
    broken = requests.broken(document, system.url, headers)
    assert not broken, "\n\n".join(broken)
