"""Who takes a step of something that has states."""

from dataclasses import dataclass
from datetime import datetime

from shared.security.crypto import Keyring
from shared.security.identity import Caller


@dataclass(frozen=True)
class StepTaker:
    """Who takes a step, when, and which version they have seen."""

    caller: Caller
    now: datetime
    keyring: Keyring
    expected: int | None = None
