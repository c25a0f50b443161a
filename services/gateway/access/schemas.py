"""What the access routes take and give."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AwareDatetime,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
)

from shared.web.models import Input, View, named

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


GRANT_TYPES = ("password", "refresh_token", "client_credentials")


class OAuthForm(Input):
    """A form of OAuth: what is not known is ignored, and what is empty is not there (RFC 6749
    section 3.2)."""

    model_config = ConfigDict(extra="ignore")

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: Any) -> Any:
        return None if value == "" else value


class TokenForm(OAuthForm):
    """The form of RFC 6749 sections 4.3.2, 4.4.2 and 6."""

    grant_type: str | None = Field(
        None,
        examples=["password"],
        description=f"任选其一 | One of: {', '.join(GRANT_TYPES)}",
    )
    username: str | None = Field(None, examples=["clerk1"])
    password: SecretStr | None = None
    refresh_token: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    scope: str | None = Field(
        None, description="身份；以账号的为准 | Roles; those of the account hold."
    )


class TokenAnswer(View):
    """RFC 6749 section 5.1."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="有效秒数 | Seconds.")
    refresh_token: str | None = Field(
        None,
        description="用来换取下一对令牌；30 秒后重复使用会结束登录"
        " | For the next tokens; using it again after 30 seconds ends the sign-in.",
    )
    scope: str = Field(description="身份，以空格分隔 | The roles, separated by spaces.")


class RevocationForm(OAuthForm):
    """The form of RFC 7009 section 2.1."""

    token: SecretStr | None = Field(
        None, description="刷新令牌或访问令牌 | A refresh token or an access token."
    )
    token_type_hint: str | None = Field(
        None, description="可不填，哪种令牌都能找到 | Not needed: every token is found."
    )


class PasswordLinkNotice(View):
    """The last link that was issued for your account: was it you who asked for it?"""

    model_config = ConfigDict(from_attributes=True)

    issued_at: AwareDatetime
    expires_at: AwareDatetime
    ended_at: AwareDatetime | None
    ended_because: Literal["used", "replaced", "password_changed", "disabled"] | None


class Me(View):
    """Who the token says you are."""

    sub: str
    account: str | None = Field(
        None, description="账号已不存在时为空 | Null for an account that is gone."
    )
    roles: list[str]
    places: list[str]
    password_link: PasswordLinkNotice | None = Field(
        None, description="没有签发过则为空 | Null where none was issued."
    )


class NewAccount(Input):
    name: AccountName = Field(
        validation_alias=named("name", formerly="account"), examples=["clerk7"]
    )
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

    token: SecretStr = Field(
        max_length=128, description="链接中 # 之后的部分 | Behind the # of the link."
    )
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
        description="pending 表示待另一位管理员批准"
        " | `pending`: another administrator has to approve it first."
    )
    version: int
    created_at: AwareDatetime


class PasswordLinkView(View):
    """Hand it over to the account's owner, who sets a password by it. It is shown this once."""

    address: str = Field(
        description="设置密码的网页，在本系统的地址上 | The page, at the address of this system.",
        examples=["/account/password#h2Nq"],
    )
    token: str = Field(
        description="用于设置密码的请求 | For `POST /auth/password/link`.", examples=["h2Nq"]
    )
    expires_at: AwareDatetime


class AccountWithLink(AccountView):
    password_link: PasswordLinkView
