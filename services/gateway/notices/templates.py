"""Every kind of notice as `templates.toml` has it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from shared.errors import Text

QUIET = (time(21), time(8))
"""The quiet hours of who chose none, in Shanghai's time."""


@dataclass(frozen=True)
class Template:
    """A kind of notice as its template says."""

    title: Text
    text: Text
    urgent: bool
    useful: timedelta | None
    only: str | None
    """The one channel by which it goes; None: by those that somebody wishes for."""
    choices: Mapping[str, Text]
    """What its reader may do about it, by operation."""


def read_templates() -> dict[str, Template]:
    """By kind, as they stand beside this file."""
    source = Path(__file__).with_name("templates.toml").read_text()
    return {kind: _template(entry) for kind, entry in tomllib.loads(source).items()}


def _template(entry: Mapping[str, Any]) -> Template:
    minutes = entry.get("useful_minutes")
    return Template(
        title=Text(*str(entry["title"]).split(" | ")),
        text=Text(*str(entry["text"]).split(" | ")),
        urgent=bool(entry.get("urgent")),
        useful=None if minutes is None else timedelta(minutes=int(minutes)),
        only=entry.get("only"),
        choices={
            operation: Text(*words.split(" | "))
            for operation, words in entry.get("choices", {}).items()
        },
    )


TEMPLATES = read_templates()
"""Loaded once; a kind that is not here is sent to nobody."""
