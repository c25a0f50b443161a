import asyncio
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response

from services.projects.evidence import printing, service, views, warc
from services.projects.evidence.files import Files
from services.projects.evidence.schemas import EvidenceDiff, EvidenceView
from services.projects.evidence.service import EvidenceDamaged, NoWords
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
    "/{evidence_id}.warc.gz",
    operation_id="get_evidence_warc",
    summary="下载网页归档 | Download as a web archive",
    response_class=Response,
    responses={
        200: {"content": {"application/warc": {}}, "description": "归档 | The archive"},
        **problem_responses(NotFound, EvidenceDamaged),
    },
)
async def get_evidence_warc(
    evidence_id: UUID, session: Session, files: Files, caller: Annotated[Caller | None, public()]
) -> Response:
    """一次抓取的请求与应答，按国际标准（WARC 1.1）归档，档案软件可直接打开；网站答复“没有变化”的，
    连同此前收到内容的那一次；经跳转到达的，连同每一次跳转。公开网页的人人可取。
    ---
    What was asked and answered at one capture, as an archive (WARC 1.1, ISO 28500) that archives'
    own software opens; where the site said that nothing had changed, with the capture in which the
    bytes were received; where redirects led there, with each of them. That of public pages is
    public.
    """
    capture = await service.visible(session, evidence_id, caller)
    chosen = await service.archived(session, files, capture)
    name = f"{capture.chain}-{capture.seq}.warc.gz"
    archive = await asyncio.to_thread(warc.packed, capture.chain, name, chosen)
    return _attached(name, archive, "application/warc")


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
    quotes: Annotated[
        bool, Query(description="连同网页写明的要素 | With what the page states")
    ] = False,
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
        body = await service.raw(files, capture)
        return _attached(f"{capture.sha256}.bin", body, "application/octet-stream")
    view = await views.evidence_view(session, capture)
    wanted = answers.page_wanted(request.headers.get("accept", ""))
    if format == "html" or (format is None and wanted):
        body = await service.raw(files, capture)
        html = await asyncio.to_thread(printing.page, view, body)
        return Response(html, headers={"Vary": "Accept"}, media_type="text/html; charset=utf-8")
    answers.vary(response, "Accept")
    if not quotes:
        return view
    body = await service.raw(files, capture)
    return await asyncio.to_thread(views.with_quotes, view, body)


@router.get(
    "/{evidence_id}/diff",
    operation_id="compare_evidence",
    summary="比较两次抓取 | Compare two captures",
    response_model=EvidenceDiff,
    responses={
        200: {"content": {"text/html": {"schema": {"type": "string"}}}},
        **problem_responses(NotFound, EvidenceDamaged, NoWords),
    },
)
async def compare_evidence(
    evidence_id: UUID,
    other_id: Annotated[
        UUID, Query(alias="with", description="与哪一份证据比较 | The evidence to compare with")
    ],
    request: Request,
    response: Response,
    session: Session,
    files: Files,
    caller: Annotated[Caller | None, public()],
    format: Annotated[
        Literal["json", "html"] | None, Query(description="答复的格式 | The format of the answer")
    ] = None,
) -> EvidenceDiff | Response:
    """两次抓取的网页文字有什么不同：新增、删去、改动和移动的各行，改动的行内标明字词；较早的在前。
    `?format=html` 或 `Accept: text/html` 返回网页。
    ---
    What is different in the words of two captured pages: lines added, removed, changed and moved,
    with the words within a changed line; the earlier one first. `?format=html` or
    `Accept: text/html` gives a page.
    """
    pair = [await service.visible(session, each, caller) for each in (other_id, evidence_id)]
    pair.sort(key=lambda capture: (capture.fetched_at, capture.seq))
    old, new = [(capture, await service.raw(files, capture)) for capture in pair]
    diff = await asyncio.to_thread(views.difference, old, new)
    wanted = answers.page_wanted(request.headers.get("accept", ""))
    if format == "html" or (format is None and wanted):
        html = printing.difference_page(diff)
        return Response(html, headers={"Vary": "Accept"}, media_type="text/html; charset=utf-8")
    answers.vary(response, "Accept")
    return diff


def _attached(name: str, body: bytes, media_type: str) -> Response:
    """The bytes to be kept, never to be shown: they are a stranger's."""
    headers = {**RAW_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=headers)
