"""The documents of the release register over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.projects.evidence.files import Files
from services.projects.evidence.service import EvidenceDamaged
from services.projects.publishing import service, views
from services.projects.publishing.routes import Reader, Step, who_may
from services.projects.publishing.schemas import (
    LARGEST_BODY,
    RegisteredReleaseView,
    ReleaseUpload,
)
from services.projects.publishing.workflow import RegisteredReleaseAction
from shared.errors import NotFound, StateConflict, problem_responses
from shared.security.identity import Caller
from shared.web.admission import MAX_BODY
from shared.web.dependencies import Session
from shared.web.routing import Router

router = Router(prefix="/release-register/{release_id}/document", tags=["department"])


@router.put(
    "",
    operation_id="upload_release_document",
    summary="上传文件 | Upload the document",
    responses=problem_responses(NotFound, StateConflict),
    openapi_extra={MAX_BODY: LARGEST_BODY, "x-deadline-seconds": 30},
)
async def upload_release_document(
    order: ReleaseUpload,
    step: Step,
    files: Files,
    caller: Annotated[Caller, who_may(RegisteredReleaseAction.ATTACH)],
) -> RegisteredReleaseView:
    """所发布的文件本身，按内容散列存证，不超过 10 MB。起草时可以更换；发布之后补传的，不再更换。

    ---
    The document itself, kept as evidence under its hash; 10 MB at most. A draft's may be replaced,
    that of what is out may not.
    """
    by = step.by(caller)
    done = await service.attach(step.session, files, step.release_id, order, by)
    return views.release_view(done)


@router.get(
    "",
    operation_id="get_release_document",
    summary="下载文件 | Get the document",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}},
        **problem_responses(NotFound, EvidenceDamaged),
    },
)
async def get_release_document(
    release_id: UUID, session: Session, files: Files, caller: Reader
) -> Response:
    """以附件形式下载，不在网页里打开。

    ---
    As an attachment to be saved, never shown in a page.
    """
    found = await service.document_of(session, files, release_id, caller)
    return Response(found.body, media_type="application/octet-stream", headers=found.headers)
