"""What the access routes take and give."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, SecretStr, StringConstraints

from shared.web.models import Input, View

Role = Literal[
    "citizen",
    "clerk",
    "hall_manager",
    "officer",
    "reviewer",
    "auditor",
    "dispatcher",
    "supervisor",
    "admin",
    "device",
    "system",
]
ACCOUNT_NAME = r"^[a-z][a-z0-9._-]{2,63}$"
AccountName = Annotated[str, StringConstraints(pattern=ACCOUNT_NAME)]
Place = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9_-]{1,32}|\*)$")]


class TokenForm(Input):
    """The form of RFC 6749 sections 4.3.2, 4.4.2 and 6."""

    grant_type: Literal["password", "refresh_token", "client_credentials"]
    username: str | None = Field(None, max_length=64, examples=["clerk1"])
    password: SecretStr | None = Field(None, max_length=256)
    refresh_token: SecretStr | None = Field(None, max_length=128)
    client_id: str | None = Field(None, max_length=64)
    client_secret: SecretStr | None = Field(None, max_length=256)
    scope: str | None = Field(None, max_length=512, description="Roles; those of the account hold.")


class TokenAnswer(View):
    """RFC 6749 section 5.1."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="Seconds.")
    refresh_token: str | None = Field(
        None, description="For the next tokens; using it again after 30 seconds ends the sign-in."
    )
    scope: str = Field(description="The roles, separated by spaces.")


class RevocationForm(Input):
    """The form of RFC 7009 section 2.1."""

    token: SecretStr = Field(max_length=128, description="A refresh token.")
    token_type_hint: Literal["refresh_token"] | None = None


class PasswordLinkNotice(View):
    """The last link that was issued for your account: was it you who asked for it?"""

    model_config = ConfigDict(from_attributes=True)

    issued_at: AwareDatetime
    expires_at: AwareDatetime
    ended_at: AwareDatetime | None
    ended_because: Literal["used", "replaced"] | None


class Me(View):
    """Who the token says you are."""

    sub: str
    account: str | None = Field(None, description="Null for an account that is gone.")
    roles: list[str]
    places: list[str]
    password_link: PasswordLinkNotice | None = Field(
        None, description="Null where none was issued."
    )


class NewAccount(Input):
    account: AccountName = Field(examples=["clerk7"])
    roles: list[Role] = Field(min_length=1, max_length=8, examples=[["clerk"]])
    places: list[Place] = Field(max_length=64, examples=[["H001"]])


class Grants(Input):
    roles: list[Role] = Field(min_length=1, max_length=8)
    places: list[Place] = Field(max_length=64)
    version: int = Field(ge=1, le=2_000_000_000)


class StateChange(Input):
    version: int = Field(ge=1, le=2_000_000_000)


class PasswordChange(Input):
    """The present password proves that it is really you."""

    current_password: SecretStr = Field(max_length=256)
    new_password: SecretStr = Field(min_length=10, max_length=256)


class PasswordByLink(Input):
    """The token of a one-time link, and the password to set."""

    token: SecretStr = Field(max_length=128, description="Behind the # of the link.")
    new_password: SecretStr = Field(min_length=10, max_length=256)


class PasswordSet(View):
    """Whose password was set, and whether the account can be used at once."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    state: Literal["active", "disabled", "pending"]


class AccountView(View):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    roles: list[str]
    places: list[str]
    state: Literal["active", "disabled", "pending"] = Field(
        description="`pending`: another administrator has to approve it first."
    )
    version: int
    created_at: AwareDatetime


class PasswordLinkView(View):
    """Hand it over to the account's owner, who sets a password by it. It is shown this once."""

    address: str = Field(
        description="The page, at the address of this system.",
        examples=["/account/password#h2Nq"],
    )
    token: str = Field(description="For `POST /auth/password/link`.", examples=["h2Nq"])
    expires_at: AwareDatetime


class AccountWithLink(AccountView):
    password_link: PasswordLinkView
