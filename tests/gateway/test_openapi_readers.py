"""What others make of the one OpenAPI document: validators find no fault, generators lose none."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.gateway.documents import openapi, sharing
from services.gateway.documents.joining import each_operation
from tests import node_tools

REDOCLY = "@redocly/cli@2.77.0"
SPECTRAL = "@stoplight/spectral-cli@6.16.3"
TYPESCRIPT = ("openapi-typescript@7.13.0", "typescript@5.9.3")
RULES_OF_REDOCLY = """\
extends: [recommended]
rules:
  no-invalid-schema-examples: error
  no-invalid-parameter-examples: error
"""
RULES_OF_SPECTRAL = """\
extends: ['spectral:oas']
rules:
  oas3-valid-media-example: off
  oas3-valid-schema-example: off
"""
"""That examples fit is Redocly's to find out: Spectral tries each wherever its schema is used."""
COUNT_OPERATIONS = """\
import ts from "typescript";
import { readFileSync } from "node:fs";
const source = ts.createSourceFile("types.ts", readFileSync(0, "utf8"), ts.ScriptTarget.Latest);
const operations = source.statements.find((s) => s.name?.text === "operations");
console.log(JSON.stringify({
  faults: source.parseDiagnostics.length,
  operations: operations.members.map((m) => m.name.text),
}));
"""


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("documents")]


@pytest.fixture(scope="module")
def served(joined: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document as the gateway serves it, in a file."""
    file = tmp_path_factory.mktemp("openapi") / "openapi.json"
    document = openapi.in_one_language(sharing.with_shared_problems(joined), "zh")
    file.write_text(json.dumps(document, ensure_ascii=False))
    return file


def operations_of(file: Path) -> Mapping[str, tuple[str, str]]:
    document = json.loads(file.read_text())
    return {o["operationId"]: (path, m) for path, m, o in each_operation(document["paths"])}


def run(*command: str | Path, folder: Path, given: str | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        input=given,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout, done.stderr
    return done.stdout


def test_openapi_spec_validator_finds_no_fault(served: Path) -> None:
    document = json.loads(served.read_text())
    faults = OpenAPIV31SpecValidator(document).iter_errors()
    assert [f"{fault.json_path}: {fault.message}" for fault in faults] == []


def test_redocly_finds_no_fault(served: Path) -> None:
    tool = node_tools.installed("redocly", REDOCLY) / "node_modules" / ".bin" / "redocly"
    rules = served.with_name("redocly.yaml")
    rules.write_text(RULES_OF_REDOCLY)
    out = run(tool, "lint", served, "--config", rules, "--format", "json", folder=served.parent)
    faults = json.loads(out)["problems"]
    assert [(fault["ruleId"], fault["message"], fault["location"]) for fault in faults] == []


def test_spectral_finds_no_fault(served: Path) -> None:
    tool = node_tools.installed("spectral", SPECTRAL) / "node_modules" / ".bin" / "spectral"
    rules = served.with_name(".spectral.yaml")
    rules.write_text(RULES_OF_SPECTRAL)
    out = run(tool, "lint", served, "-r", rules, "-f", "json", "-q", folder=served.parent)
    faults = json.loads(out)
    assert [(fault["code"], fault["message"], fault["path"]) for fault in faults] == []


def test_openapi_python_client_loses_no_operation(served: Path) -> None:
    made = served.with_name("client")
    config = served.with_name("client.json")
    config.write_text(json.dumps({"post_hooks": []}))
    program = "import sys; from openapi_python_client.cli import app; sys.exit(app())"
    options = ("generate", "--meta", "none", "--overwrite", "--config", config)
    out = run(
        sys.executable, "-c", program, *options, "--path", served, "--output-path", made,
        folder=served.parent,
    )  # fmt: skip
    functions = {file.stem for file in (made / "api").glob("*/*.py")} - {"__init__"}
    assert functions == operations_of(served).keys(), out
    assert "Unable to" not in out, out
    assert "will not be generated" not in out, out


def test_openapi_typescript_loses_no_operation(served: Path) -> None:
    folder = node_tools.installed("openapi-typescript", *TYPESCRIPT)
    made = served.with_name("types.ts")
    run(folder / "node_modules/.bin/openapi-typescript", served, "-o", made, folder=served.parent)
    script = folder / "count.mjs"
    script.write_text(COUNT_OPERATIONS)
    counted = json.loads(run("node", script, folder=folder, given=made.read_text()))
    assert counted["faults"] == 0
    assert set(counted["operations"]) == operations_of(served).keys()
