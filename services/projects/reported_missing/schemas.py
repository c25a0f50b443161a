"""Checks of what is reported missing, as auditors read and answer them."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.projects.reported_missing.models import CheckAnswer, CheckState
from shared.web.models import Input, View

_NUMERAL = r"[0-9一二三四五六七八九十百〇零]{1,7}"
_LAW = r"(《[一-鿿（）]{2,30}》|[一-鿿]{0,10}(法|条例|规定|办法|细则|规则|决定|意见|通知|目录))?"
_PART = rf"(第{_NUMERAL}款)?(第[（(]?{_NUMERAL}[)）]?项)?"
_ARTICLE = rf"{_LAW}第{_NUMERAL}条(之[一二三四五六七八九])?{_PART}"
_NUMBER = r"[一-鿿]{1,12}([〔\[（(](19|20)[0-9]{2}[〕\]）)]|(19|20)[0-9]{2}年)第?[0-9]{1,5}号"
DOCUMENT = rf"^({_NUMBER}|{_ARTICLE})$"
"""A document's number (GB/T 9704 7.2.5) or an article, and no more: the answer goes out as an
event, and neither form has room for a person with a number to call."""


class CheckAnswerInput(Input):
    """What an auditor found, with what it rests on; who reported it is told in these words."""

    answer: CheckAnswer = Field(
        description="published 已公开；not_due 期限未到；overdue 逾期未公开；ordered 已责令公开；"
        "not_owed 不属于应公开的"
        " | published; not_due; overdue; ordered: its publication was ordered; not_owed: nobody has"
        " to publish it."
    )
    url: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        max_length=1000,
        description="公开的网址 | Where it is published.",
        examples=["https://www.example.gov.cn/a.htm"],
    )
    published_at: AwareDatetime | None = Field(
        None, description="公开时间，不能确定的留空 | When; null where nobody can say."
    )
    due_on: date | None = Field(None, description="应于此日前公开 | By when it is due.")
    document: str | None = Field(
        None,
        pattern=DOCUMENT,
        max_length=100,
        description="责令公开的文号，如“宁政公开整改〔2026〕12号”，或不予公开的条款，如“条例第十四条第一款”"
        " | The order's number, or the article; nothing besides.",
        examples=["宁政公开整改〔2026〕12号"],
    )
    version: int | None = Field(
        None, ge=1, description="所依据的版本，可不填 | The version you saw, if you like."
    )


class DisclosureCheckView(View):
    """What is reported missing, how often, and what was answered."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    project_code: str | None = Field(
        description="来信写的项目代码，未必已登记 | As reported; it need not be registered."
    )
    item_code: str | None = Field(description="来信写的事项 | The item as reported.")
    unit_code: str | None = Field(description="来信写的部门 | The unit as reported.")
    reports: int = Field(description="有多少封来信反映 | How many letters report it.")
    first_reported_at: AwareDatetime
    last_reported_at: AwareDatetime
    state: CheckState
    answer: CheckAnswer | None
    duty_id: UUID | None = Field(
        description="从哪项义务得出；由人答复的为空 | The duty that answered; null: a person did."
    )
    url: str | None
    published_at: AwareDatetime | None
    due_on: date | None
    document: str | None
    answered_at: AwareDatetime | None
    answered_by: str | None = Field(
        description="答复人账号；由义务自动得出的为空 | Who answered; null: the duty did by itself."
    )
    version: int
