"""An identity as the API takes it, and as it shows it: masked."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from shared.errors import Text
from shared.security.personal import IdNumber, Phone
from shared.web.models import Input, View


class IdentityIn(Input):
    """Whom the account belongs to, as the administrator checked it against a document."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "张三", "phone": "13800138000", "id_number": "11010519491231002X"}
            ]
        }
    )

    name: str = Field(min_length=1, max_length=60, pattern=r"\S", description="姓名 | Name")
    phone: Phone | None = Field(None, description="核验过的电话 | A phone that was checked")
    id_number: IdNumber | None = Field(
        None, description="公民身份号码 | The citizen number", examples=["11010519491231002X"]
    )

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        if self.phone is None and self.id_number is None:
            raise ValueError(
                Text("请填写电话或身份证号码", "Give the phone number or the ID number")
            )
        return self


ListedState = Literal["pending", "verified", "conflict"]
Withdrawal = Literal["wrong_details", "not_them", "taken", "other"]
"""Why a proposal is declined: words would name people, and this stands in the audit log."""


class IdentityApproval(Input):
    """Which proposal is approved, and what the second person read from the document themselves."""

    version: int = Field(
        ge=1,
        le=2_000_000_000,
        description="所批准的那一次登记 | The version that was looked at",
        examples=[1],
    )
    id_number: IdNumber | None = Field(
        None,
        description="您从证件原件上读到的公民身份号码；登记中有号码的必填"
        " | The citizen number as you read it; needed where one was recorded",
        examples=["11010519491231002X"],
    )
    phone: Phone | None = Field(
        None,
        description="您向本人核实的电话；登记中有电话的必填"
        " | The phone number as you checked it; needed where one was recorded",
        examples=["13800138000"],
    )

    @model_validator(mode="after")
    def _says_what_was_read(self) -> Self:
        if self.phone is None and self.id_number is None:
            raise ValueError(
                Text(
                    "请填写您核对的身份证号码或电话",
                    "Give the ID number or the phone number that you checked",
                )
            )
        return self


class MaskedIdentity(View):
    """Enough to see whether it is the right person: 张**, 138****0000, 110**************X."""

    name: str
    phone: str | None
    id_number: str | None


class IdentityView(MaskedIdentity):
    """What waits for a second person, if anything does; else what counts."""

    account_id: UUID
    state: Literal["pending", "verified"] = Field(
        description="待另一位管理员批准，或已生效 | Waits for another administrator, or counts"
    )
    verified_by: str = Field(description="由谁核验 | Who checked it")
    verified_at: datetime
    approved_by: str | None = Field(description="由谁批准 | Who approved it")
    conflict: bool = Field(
        description="生效的号码也登记在另一个账号上，请更正其中之一"
        " | The number that counts is another account's as well: please correct one of them"
    )
    version: int
    replaces: MaskedIdentity | None = Field(
        description="批准之前仍然有效的信息 | What counts until this is approved"
    )
