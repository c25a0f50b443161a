"""What fields, parameters and bodies mean to people: `中文 | English`, written once.

A field, a parameter or a body says it itself (`description=`), or goes by an entry of a
`words.toml`: that of its service, else the one that all share. `Model.field` is before `field`.
"""

import tomllib
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KINDS = ("fields", "parameters", "bodies")


@dataclass(frozen=True)
class Glossary:
    """The words of one service, and behind them those of all."""

    fields: Mapping[str, str]
    parameters: Mapping[str, str]
    bodies: Mapping[str, str]
    """By the name of the model."""

    def describe(self, schemas: Mapping[str, Any]) -> None:
        """Gives every field of `schemas` (JSON schemas by name) the words it has not got itself."""
        for model, schema in schemas.items():
            for name, field in schema.get("properties", {}).items():
                words = self.fields.get(f"{model}.{name}") or self.fields.get(name)
                if words and "description" not in field:
                    field["description"] = words


def file_of(service: str | None) -> Path:
    """Where a service keeps its words; None for what all share."""
    return (ROOT / "services" / service if service else ROOT / "shared" / "web") / "words.toml"


@cache
def read(service: str | None) -> Mapping[str, Mapping[str, str]]:
    """The entries of one file, by kind; a service may have none."""
    file = file_of(service)
    found = tomllib.loads(file.read_text("utf-8")) if file.exists() else {}
    if unknown := found.keys() - set(KINDS):
        raise ValueError(f"{file}: no such kinds of words: {unknown}")
    return {kind: found.get(kind, {}) for kind in KINDS}


def of(service: str) -> Glossary:
    """The words of `service`."""
    layers = read(service), read(None)
    return Glossary(*(ChainMap(*(dict(layer[kind]) for layer in layers)) for kind in KINDS))
