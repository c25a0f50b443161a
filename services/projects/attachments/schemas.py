"""What the API gives about the files of pages."""

from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.projects.attachments.models import Attachment
from services.projects.reading.files import AttachmentKind, FileFault
from shared.web.models import View

AROUND = 60


class AttachmentView(View):
    id: UUID
    portal_id: str
    url: str
    name: str
    kind: AttachmentKind
    needs_a_person: bool = Field(
        description="是否须人工阅读：无文字的扫描件、加密、过大或读不出的文件"
        " | Whether a person has to read it: a scan without text, a locked, too large or broken"
        " file."
    )
    file_fault: FileFault | None
    letters: int
    evidence_id: UUID | None
    read_at: AwareDatetime

    @classmethod
    def of(cls, file: Attachment) -> Self:
        return cls.model_validate(_fields(file))


class FileQuote(View):
    """A label that the file fills in, with its place in the text."""

    label: str
    offset: int
    quote: str


class AttachmentDetail(AttachmentView):
    text: str | None
    quotes: list[FileQuote]

    @classmethod
    def with_text(cls, file: Attachment, text: str | None) -> Self:
        """Each label quoted as it stands in the text."""
        quotes = [
            FileQuote(label=label, offset=at, quote=text[at : at + AROUND] if text else "")
            for label, at in sorted(file.labels.items(), key=lambda each: each[1])
        ]
        return cls.model_validate({**_fields(file), "text": text, "quotes": quotes})


def _fields(file: Attachment) -> dict[str, object]:
    fields = file.model_dump(include={*AttachmentView.model_fields})
    return {**fields, "file_fault": file.file_fault, "needs_a_person": file.fault is not None}
