from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.projects.evidence import service, views
from services.projects.evidence.files import Files
from services.projects.evidence.schemas import EvidenceView
from services.projects.evidence.service import EvidenceDamaged
from shared.errors import NotFound, problem_responses
from shared.security.identity import Caller
from shared.web.dependencies import Session, public
from shared.web.routing import Router

router = Router(prefix="/evidence", tags=["auditor"])

RAW_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, max-age=86400, immutable",
}


@router.get(
    "/{evidence_id}",
    operation_id="get_evidence",
    summary="查看证据 | Get evidence",
    response_model=EvidenceView,
    responses={
        200: {"content": {"application/octet-stream": {}}},
        **problem_responses(NotFound, EvidenceDamaged),
    },
)
async def get_evidence(
    evidence_id: UUID,
    session: Session,
    files: Files,
    caller: Annotated[Caller | None, public()],
    raw: Annotated[bool, Query(description="原始字节 | The raw bytes")] = False,
) -> EvidenceView | Response:
    """一次抓取的时间、网址、响应头、内容散列、前一次抓取的散列，以及到当日默克尔根的证明路径；
    `raw=true` 以附件形式返回原始字节。公开网页的证据人人可查。
    ---
    When and where a page was captured, its headers, the hash of its bytes and of the capture before
    it, and the proof path to the day's Merkle root; `raw=true` gives the raw bytes as an
    attachment. Evidence of public pages is public.
    """
    capture = await service.visible(session, evidence_id, caller)
    if not raw:
        return await views.evidence_view(session, capture)
    name = f'attachment; filename="{capture.sha256}.bin"'
    return Response(
        await service.raw(files, capture),
        media_type="application/octet-stream",
        headers={**RAW_HEADERS, "Content-Disposition": name},
    )
