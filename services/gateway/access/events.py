"""What the room publishes."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.messaging.events import Event

Ended = Literal["signed_out", "reused", "password_changed", "grants_changed", "disabled"]


class SignInEnded(Event):
    """一次登录已提前结束，由它发出的令牌一律不再接受。

    A sign-in was ended early: no token that came of it is accepted any more.
    """

    type: ClassVar[str] = "gateway.sign_in.ended.v1"

    sign_in_id: UUID
    account_id: UUID
    because: Ended
