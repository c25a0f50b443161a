"""`python -m tests.projects.oc4ids.validate FILE...`: what `lib-cove-oc4ids` finds, as JSON.

A process of its own: the library puts validators of its own in the place of those that all users
of `jsonschema` in a process share. The schema that it would fetch from the network is served here.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from libcoveoc4ids.api import oc4ids_json_output
from libcoveoc4ids.config import LibCoveOC4IDSConfig

HERE = Path(__file__).parent
FINDINGS = (
    "validation_errors",
    "validation_errors_count",
    "conformance_checks",
    "additional_checks",
    "additional_closed_codelist_values",
    "additional_fields",
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def main(files: list[str]) -> None:
    with served(HERE) as host:
        config = LibCoveOC4IDSConfig()
        config.config |= {
            "schema_host": host,
            "schema_codelists": {"0.9": f"{host}codelists/"},
        }
        found = []
        for file in files:
            package = json.loads(Path(file).read_bytes())
            findings = oc4ids_json_output(json_data=package, lib_cove_oc4ids_config=config)
            found.append({name: findings.get(name) for name in FINDINGS})
    json.dump(found, sys.stdout, default=str)


if __name__ == "__main__":
    main(sys.argv[1:])
