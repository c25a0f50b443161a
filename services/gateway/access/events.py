"""What the room publishes."""

from datetime import datetime
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


class PasswordLinkIssued(Event):
    """已为某账号签发一次性设密链接，应告知账号本人：如非本人所求，请立即联系管理员。

    A one-time link to set the password of an account was issued. Its owner should be told: whoever
    did not ask for it should call an administrator at once.
    """

    type: ClassVar[str] = "gateway.password_link.issued.v1"

    account_id: UUID
    expires_at: datetime
