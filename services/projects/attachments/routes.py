from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from services.projects.attachments import service
from services.projects.attachments.schemas import AttachmentDetail, AttachmentView
from services.projects.evidence.files import Files
from services.projects.evidence.service import EvidenceDamaged
from services.projects.portals.models import PORTAL_ID
from shared.errors import NotFound, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Paging, Session, allow
from shared.web.pagination import Page, page
from shared.web.routing import Router

router = Router(prefix="/attachments", tags=["auditor"])


@router.get("", operation_id="list_attachments", summary="网页的附件 | List attachments")
async def list_attachments(
    session: Session,
    paging: Paging,
    caller: Annotated[Caller, allow("auditor", "admin")],
    portal: Annotated[str | None, Query(pattern=PORTAL_ID)] = None,
    needs_a_person: bool | None = None,
) -> Page[AttachmentView]:
    """网页链接的文件，以及列表直接指向的文件：读出了多少字，或为什么须人工阅读。
    ---
    Files that pages lead to, or that lists lead to at once: how much was read of them, or why a
    person has to.
    """
    after = paging.key(UUID)
    found = await service.listed(
        session,
        portal_id=portal,
        needs_a_person=needs_a_person,
        after=after[0] if after else None,
        limit=paging.limit + 1,
    )
    return page(found, paging, lambda file: (file.id,), AttachmentView.of)


@router.get(
    "/{attachment_id}",
    operation_id="read_attachment",
    summary="附件读出的文字 | Read an attachment",
    responses=problem_responses(NotFound, EvidenceDamaged),
)
async def read_attachment(
    attachment_id: Annotated[UUID, Path()],
    session: Session,
    files: Files,
    caller: Annotated[Caller, allow("auditor", "admin")],
) -> AttachmentDetail:
    """读出的文字全文，以及各要素在其中的位置和原文；原文件见其证据。
    ---
    All the text that was read, and where in it each element stands; the file itself is its
    evidence.
    """
    file, text = await service.with_text(session, files, attachment_id)
    return AttachmentDetail.with_text(file, text)
