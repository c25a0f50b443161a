"""Joins documents of several services: what has one name and two meanings gets two names."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from shared.web.references import Json, renamed, with_references

Documents = Mapping[str, Mapping[str, Any]]


def new_names(schemas: Mapping[str, Mapping[str, Json]]) -> dict[str, dict[str, str]]:
    """For each service, the names that its schemas get in the joined document.

    `schemas` are the schemas of each service by name. Schemas of one name that mean the same, down
    to all that they refer to, stay one; otherwise each gets its service's name in front.
    """
    meanings: dict[str, set[str]] = {}
    for own in schemas.values():
        for name in own:
            meanings.setdefault(name, set()).add(_meaning(name, own, ()))
    return {
        service: {n: n if len(meanings[n]) == 1 else f"{service.title()}{n}" for n in own}
        for service, own in schemas.items()
    }


def _meaning(name: str, own: Mapping[str, Json], path: tuple[str, ...]) -> str:
    """A digest of a schema and all that it refers to."""
    if name in path or name not in own:
        return name
    expanded = with_references(own[name], lambda ref: _meaning(ref, own, (*path, name)))
    return hashlib.sha256(json.dumps(expanded, sort_keys=True).encode()).hexdigest()


def joined_schemas(documents: Documents, names: Mapping[str, Mapping[str, str]]) -> dict[str, Json]:
    """The schemas of all documents under their new names, in order of name."""
    found = {
        names[service][name]: _titled(renamed(schema, names[service]), name, names[service][name])
        for service, document in documents.items()
        for name, schema in schemas_of(document).items()
    }
    return dict(sorted(found.items()))


def _titled(schema: Json, name: str, new_name: str) -> Json:
    """A title that repeats the component's name goes by the new one as well."""
    return {**schema, "title": new_name} if schema.get("title") == name else schema


def schemas_of(document: Mapping[str, Any]) -> Mapping[str, Json]:
    schemas: Mapping[str, Json] = document.get("components", {}).get("schemas", {})
    return schemas


def each_operation(paths: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation) of every operation."""
    for path, item in paths.items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                yield path, method, operation
