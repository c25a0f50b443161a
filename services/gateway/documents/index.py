"""What /docs is searched by: every operation under the audience it is for, and who may call it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from services.gateway.documents import joining, words
from services.gateway.language import say


class OperationEntry(NamedTuple):
    """One operation: `anchor` opens it, `text` is what words are looked for in, in lower case."""

    anchor: str
    method: str
    path: str
    summary: str
    roles: Sequence[str]
    text: str


class Audience(NamedTuple):
    """A tag in words, with its operations by their paths: those of one matter stand together."""

    name: str
    about: str
    operations: Sequence[OperationEntry]


def index(whole: Mapping[str, Any], language: str) -> list[Audience]:
    """The joined document's operations by audience, in the order of its tags."""
    found: dict[str, list[OperationEntry]] = {}
    for path, method, operation in joining.each_operation(whole["paths"]):
        for tag in operation["tags"]:
            found.setdefault(tag, []).append(_entry(tag, path, method, operation, language))
    return [
        Audience(
            say(words.AUDIENCES.get(name, name), language),
            say(tag.get("description", ""), language),
            found[name],
        )
        for tag in whole["tags"]
        for name in [tag["name"]]
    ]


def _entry(
    tag: str, path: str, method: str, operation: Mapping[str, Any], language: str
) -> OperationEntry:
    summary, name = operation.get("summary", ""), operation["operationId"]
    head = f"{path} {summary}".lower()
    also = [word for word, meant in words.ALSO.items() if any(one in head for one in meant)]
    description = operation.get("description", "")
    text = f"{method} {path} {name} {summary} {description} {' '.join(also)}"
    return OperationEntry(
        anchor=f"#/{tag}/{name}",
        method=method.upper(),
        path=path,
        summary=say(summary, language),
        roles=_roles(operation),
        text=" ".join(text.lower().split()),
    )


def _roles(operation: Mapping[str, Any]) -> list[str]:
    """Who may call it; `*` where anybody may."""
    wanted = operation.get("security", [{}])
    if {} in wanted:
        return ["*"]
    return sorted({role for scheme in wanted for roles in scheme.values() for role in roles})
