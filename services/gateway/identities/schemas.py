"""An identity as the API takes it, and as it shows it: masked."""

from datetime import datetime
from typing import Self
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


class IdentityView(View):
    """Enough to see whether it is the right person: 张**, 138****0000, 110**************X."""

    account_id: UUID
    name: str
    phone: str | None
    id_number: str | None
    verified_by: str = Field(description="由谁核验 | Who checked it")
    verified_at: datetime
    version: int
