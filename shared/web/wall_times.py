"""Times of day as people read them off a clock."""

import re
from datetime import time
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from shared.errors import Text

_WALL_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:00)?")


def _read(typed: object) -> time:
    if isinstance(typed, time):
        return typed
    if isinstance(typed, str) and _WALL_TIME.fullmatch(typed):
        return time.fromisoformat(typed)
    raise ValueError(Text("应为 24 小时制时间，例如 09:30", "Must be a time such as 09:30"))


WallTime = Annotated[
    time,
    BeforeValidator(_read),
    PlainSerializer(lambda wall: wall.strftime("%H:%M"), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}),
]
"""What the clock on a wall shows: hours and minutes, without a zone."""
