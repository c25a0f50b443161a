"""What a sender writes, and what they keep: the number and the query code."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple, Self
from uuid import UUID

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from services.feedback.letters.models import Anonymity, Channel, Letter, LetterKind, LetterState
from services.feedback.missing_disclosures.schemas import DisclosureReference
from shared.errors import Text
from shared.security.personal import Phone
from shared.web.models import Prose, View

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

_CONTROLS = Text("含有看不见的控制字符，请删去", "Please remove the control characters from it")
_ANONYMOUS = Text(
    "匿名来信不填联系方式：请去掉联系方式，或改为实名、保密",
    "An anonymous letter carries no contact: leave it out, or write in your name or in confidence",
)
_ACCUSES = Text(
    "举报信的线索不交给其他单位：请只写在来信里，或改为其他类型的来信",
    "Nothing of an accusation goes to others: say it in the letter alone, or choose another kind",
)


def _without_control_characters(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError(_CONTROLS)
    return text


PlainText = Annotated[str, AfterValidator(_without_control_characters)]


class Contact(Prose):
    """How to reach the sender; sealed in the database and never published."""

    name: Annotated[PlainText, Field(min_length=1, max_length=50, examples=["王小明"])]
    phone: Phone


class LetterIn(Prose):
    """A letter: one matter, a short title, what happened and what is asked for."""

    kind: LetterKind
    title: Annotated[PlainText, Field(min_length=2, max_length=25, examples=["小区门口路灯不亮"])]
    body: Annotated[
        PlainText,
        Field(min_length=2, max_length=5000, examples=["东城街道金佛大道的路灯坏了半个月，请修。"]),
    ]
    place: Annotated[PlainText, Field(min_length=1, max_length=200)] | None = None
    contact: Contact | None = None
    anonymity: Anonymity | None = Field(
        None,
        description="不写时：有联系方式为署名，没有为匿名"
        " | Default: named with a contact, anonymous without.",
    )
    wants_public: bool = False
    channel: Channel = Channel.WEB
    missing_disclosure: DisclosureReference | None = Field(
        None,
        description="反映某项信息没有公开时，写明是哪个项目、哪一项或哪个部门，以便核查；只有这几个代码"
        "交给信息公开监察，来信内容不交"
        " | Where the letter reports that something is not published: which project, item or"
        " department, so that it is looked into. These codes alone go to the auditors.",
    )

    @field_validator("anonymity")
    @classmethod
    def _anonymous_means_no_contact(
        cls, wanted: Anonymity | None, others: ValidationInfo
    ) -> Anonymity | None:
        if wanted is Anonymity.ANONYMOUS and others.data.get("contact") is not None:
            raise ValueError(_ANONYMOUS)
        return wanted

    @field_validator("missing_disclosure")
    @classmethod
    def _never_of_an_accusation(
        cls, missing: DisclosureReference | None, others: ValidationInfo
    ) -> DisclosureReference | None:
        if missing is not None and others.data.get("kind") is LetterKind.ACCUSATION:
            raise ValueError(_ACCUSES)
        return missing

    @property
    def resolved_anonymity(self) -> Anonymity:
        return self.anonymity or (Anonymity.NAMED if self.contact else Anonymity.ANONYMOUS)


class LetterOrder(StrEnum):
    """How a work list is sorted: the latest received first, or those first that are due first."""

    RECEIVED_AT = "received_at"
    DUE_ON = "due_on"


class LetterFilter(NamedTuple):
    """What a work list is narrowed down to; None and empty mean everything.

    `contact` are the digests of one phone number. `overdue` and `due_before` are about the limit to
    reply, as it stands at `now`.
    """

    states: Sequence[LetterState] = ()
    kind: LetterKind | None = None
    department_code: str | None = None
    reg_no: str | None = None
    received_after: datetime | None = None
    contact: Sequence[str] = ()
    overdue: bool | None = None
    due_before: date | None = None
    now: datetime | None = None
    order: LetterOrder = LetterOrder.RECEIVED_AT


class ByPhone(Prose):
    """Whose letters are looked for; in the body, for a number has no place in an address."""

    phone: Phone


class LetterReceipt(View):
    """What the sender keeps. The query code is shown this once and stored nowhere.

    A letter that came in a flood is looked at before it is registered: it is `quarantined` then,
    its number is a waiting number that opens it now and later, and `notice` says so.
    """

    id: UUID
    reg_no: str = Field(examples=["NC-LX-20261123-0012-5"])
    query_code: str = Field(examples=["7KQ2M9XTCA"])
    state: LetterState | Literal["quarantined"]
    notice: str | None = Field(
        None, description="先核对时才有 | Only where it is looked at first: a word to the sender"
    )

    @classmethod
    def of(cls, letter: Letter, query_code: str) -> Self:
        return cls(id=letter.id, reg_no=letter.reg_no, query_code=query_code, state=letter.state)


class OriginalView(View):
    """A letter unmasked. Reading it is written to the audit log."""

    id: UUID
    reg_no: str
    title: str
    body: str
    place: str | None
    contact: Contact | None = Field(
        description="保密来信为空 | Null for letters sent in confidence."
    )
