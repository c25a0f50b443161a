"""`python -m tests.contracts.record`: writes the schema of every event not recorded yet, and adds
the values that a column of words may hold."""

import json
import sys

from deploy.services import SERVICES
from tests.contracts.test_event_contracts import PUBLISHED, SCHEMAS, schema_of
from tests.contracts.test_stored_values import RECORDED, Values, recorded, stored_values

SCHEMAS.mkdir(exist_ok=True)
for kind, event in sorted(PUBLISHED.items()):
    path = SCHEMAS / f"{kind}.json"
    if not path.exists():
        path.write_text(json.dumps(schema_of(event), ensure_ascii=False, indent=2) + "\n")
        sys.stdout.write(f"recorded {kind}\n")


def with_new_values(service: str) -> Values:
    """What was recorded and what a row may hold now; of columns that there are."""
    known = recorded(service)
    return {
        column: sorted({*values, *known.get(column, [])})
        for column, values in sorted(stored_values(service).items())
    }


values = {service: with_new_values(service) for service in SERVICES}
RECORDED.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n")
