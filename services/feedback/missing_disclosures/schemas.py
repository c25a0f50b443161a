"""What a sender says is missing, and what the auditors of disclosure answered."""

from datetime import date

from pydantic import AwareDatetime, Field, ValidationInfo, field_validator

from services.feedback.departments.schemas import CODE
from shared.errors import Text
from shared.web.models import Prose, View

PROJECT_CODE = r"^(\d{4}-\d{6}-\d{2}-\d{2}-\d{6}|oc4ids-[a-z0-9]{6}-[A-Za-z0-9_-]{1,50})$"
ITEM_CODE = r"^[A-Z]{2,3}-\d{2}(-\d{2})?$"

_NOTHING_NAMED = Text(
    "请写明是哪个项目，或哪个部门应当公开",
    "Please say which project it is, or which department owes it",
)


class DisclosureReference(Prose):
    """What should be online and is not: of which project, which item, of which department."""

    project_code: str | None = Field(
        None,
        pattern=PROJECT_CODE,
        description="哪个项目 | Of which project.",
        examples=["2408-359900-47-03-837832"],
    )
    item_code: str | None = Field(
        None,
        pattern=ITEM_CODE,
        description="公开目录中的哪一项 | Which item of the catalogue of duties.",
        examples=["MP-02-01"],
    )
    department_code: str | None = Field(
        None,
        pattern=CODE,
        validate_default=True,
        description="应由哪个部门公开 | Which department has to publish it.",
        examples=["D03"],
    )

    @field_validator("department_code")
    @classmethod
    def _names_something(cls, department: str | None, others: ValidationInfo) -> str | None:
        if department is None and others.data.get("project_code") is None:
            raise ValueError(_NOTHING_NAMED)
        return department

    @property
    def key(self) -> str:
        """The same for all letters that say the same is missing."""
        return reference_key(self.project_code, self.item_code, self.department_code)


def reference_key(project: str | None, item: str | None, department: str | None) -> str:
    """What reports of one thing and the answer to them have in common."""
    return "/".join(part or "-" for part in (project, item, department))


class DisclosureAnswerView(View):
    """What the auditors of disclosure found; a reply may say so in these words."""

    answer: str = Field(
        description="published 已公开；not_due 期限未到；overdue 逾期未公开；ordered 已责令公开；"
        "not_owed 不属于应公开的"
        " | published; not_due; overdue; ordered: its publication was ordered; not_owed: nobody has"
        " to publish it.",
        examples=["published"],
    )
    zh: str = Field(
        description="可以写进答复的一句话 | The answer in Chinese, for the reply.",
        examples=["已于2026年11月20日公开：https://www.example.gov.cn/a.htm"],
    )
    en: str = Field(
        description="英文 | The answer in English.",
        examples=["Published on 2026-11-20: https://www.example.gov.cn/a.htm"],
    )
    url: str | None = Field(description="公开的网页 | The page that publishes it.")
    published_at: AwareDatetime | None = Field(
        description="公开时间；不能确定的为空 | When it was published; null where nobody can say."
    )
    due_on: date | None = Field(description="应于此日前公开 | By when it is to be published.")
    document: str | None = Field(
        description="所依据的文号或条款 | The document or the article that the answer rests on."
    )
    answered_at: AwareDatetime


class MissingDisclosureView(View):
    """What a letter says is missing online, with the answer once there is one."""

    project_code: str | None
    item_code: str | None
    department_code: str | None
    answer: DisclosureAnswerView | None = Field(
        description="核查结果；还在核查的为空 | What was found; null while it is being looked into."
    )


class WithMissingDisclosure(View):
    """A letter, as somebody sees it who may know what it reports."""

    missing_disclosure: MissingDisclosureView | None = Field(
        None,
        description="来信反映没有公开的事项及核查结果；没有则为空"
        " | What the letter reports as missing online, and what was found; null if it has none.",
    )
