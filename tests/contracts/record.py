"""`python -m tests.contracts.record`: writes the schema of every event not recorded yet."""

import json
import sys

from tests.contracts.test_event_contracts import PUBLISHED, SCHEMAS, schema_of

SCHEMAS.mkdir(exist_ok=True)
for kind, event in sorted(PUBLISHED.items()):
    path = SCHEMAS / f"{kind}.json"
    if not path.exists():
        path.write_text(json.dumps(schema_of(event), ensure_ascii=False, indent=2) + "\n")
        sys.stdout.write(f"recorded {kind}\n")
