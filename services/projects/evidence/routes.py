import asyncio
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response

from services.projects.evidence import printing, service, views
from services.projects.evidence.files import Files
from services.projects.evidence.schemas import EvidenceView
from services.projects.evidence.service import EvidenceDamaged
from shared.errors import NotFound, problem_responses
from shared.security.identity import Caller
from shared.web import answers
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
        200: {
            "content": {
                "text/html": {"schema": {"type": "string"}},
                "application/octet-stream": {},
            }
        },
        **problem_responses(NotFound, EvidenceDamaged),
    },
)
async def get_evidence(
    evidence_id: UUID,
    request: Request,
    response: Response,
    session: Session,
    files: Files,
    caller: Annotated[Caller | None, public()],
    raw: Annotated[bool, Query(description="原始字节 | The raw bytes")] = False,
    format: Annotated[
        Literal["json", "html"] | None, Query(description="答复的格式 | The format of the answer")
    ] = None,
) -> EvidenceView | Response:
    """一次抓取的时间、网址、响应头、内容散列、前一次抓取的散列，以及到当日默克尔根的证明路径；
    `?format=html` 或 `Accept: text/html` 返回网页，列出时间、网址和网页上的文字；`raw=true`
    以附件形式返回原始字节。公开网页的证据人人可查。
    ---
    When and where a page was captured, its headers, the hash of its bytes and of the capture before
    it, and the proof path to the day's Merkle root; `?format=html` or `Accept: text/html` gives a
    page with the day, the address and the words that stood there; `raw=true` gives the raw bytes as
    an attachment. Evidence of public pages is public.
    """
    capture = await service.visible(session, evidence_id, caller)
    if raw:
        return _attached(capture.sha256, await service.raw(files, capture))
    view = await views.evidence_view(session, capture)
    wanted = answers.page_wanted(request.headers.get("accept", ""))
    if format == "html" or (format is None and wanted):
        body = await service.raw(files, capture)
        html = await asyncio.to_thread(printing.page, view, body)
        return Response(html, headers={"Vary": "Accept"}, media_type="text/html; charset=utf-8")
    answers.vary(response, "Accept")
    return view


def _attached(sha256: str, body: bytes) -> Response:
    """The bytes to be kept, never to be shown: they are a stranger's."""
    name = f'attachment; filename="{sha256}.bin"'
    headers = {**RAW_HEADERS, "Content-Disposition": name}
    return Response(body, media_type="application/octet-stream", headers=headers)
