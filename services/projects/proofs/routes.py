import asyncio
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response

from services.projects.evidence.files import Files
from services.projects.evidence.service import EvidenceDamaged
from services.projects.proofs import bundle, elements, service
from services.projects.proofs.schemas import DutyElements
from shared.errors import NotFound, problem_responses
from shared.security.identity import Caller
from shared.web import answers
from shared.web.dependencies import Now, Session, public
from shared.web.routing import Router

router = Router(tags=["auditor"])


@router.get(
    "/duties/{duty_id}/proof.zip",
    operation_id="get_proof",
    summary="下载结论的证明 | Download the proof of a verdict",
    response_class=Response,
    responses={
        200: {"content": {"application/zip": {}}, "description": "证明 | The proof"},
        **problem_responses(NotFound, EvidenceDamaged),
    },
)
async def get_proof(
    duty_id: UUID,
    session: Session,
    files: Files,
    now: Now,
    caller: Annotated[Caller | None, public()],
) -> Response:
    """今天的结论及其全部依据，合为一个文件：网页原始字节、请求头和应答头、存证链和默克尔路径、观测记录、
    逐日日历、规则和版本。用公开的核对程序，不需本系统即可核对。网页都公开的，人人可取；否则限本单位和监察人员。
    裁定的文书和条款只给本单位和监察人员；所随信息属其他单位且未全部公开的，只给其公开日期。
    ---
    The verdict of today with all that it follows from, in one file: the pages as fetched, headers,
    hash chain and Merkle paths, observations, the calendar day by day, rule and versions. A small
    published program checks it without this system. Where all pages are public it is for everybody,
    else for the unit and auditors. On what a ruling rests is only for those; of another unit's duty
    that it goes with, and that is not all public, there is the day alone.
    """
    gathered = await service.gather(session, files, duty_id, caller, now)
    packed = await asyncio.to_thread(bundle.bundle, gathered)
    headers = {"Content-Disposition": f'attachment; filename="proof-{duty_id}.zip"'}
    return Response(packed, media_type="application/zip", headers=headers)


@router.get(
    "/duties/{duty_id}/elements",
    operation_id="read_duty_elements",
    summary="核对内容要素 | Read the elements as quoted",
    response_model=DutyElements,
    responses={
        200: {"content": {"text/html": {"schema": {"type": "string"}}}},
        **problem_responses(NotFound, EvidenceDamaged),
    },
)
async def read_duty_elements(
    duty_id: UUID,
    request: Request,
    response: Response,
    session: Session,
    files: Files,
    now: Now,
    caller: Annotated[Caller | None, public()],
    format: Annotated[
        Literal["json", "html"] | None, Query(description="答复的格式 | The format of the answer")
    ] = None,
) -> DutyElements | Response:
    """该事项应有的每项要素：网页上的原文、在网页文字中的位置及前后文，以及是否认定为缺少；所引为作出结论所依据的
    那一次抓取，网页上没有的，引自其附件（`file`）。`?format=html` 或 `Accept: text/html` 返回网页。
    ---
    Each element that the item asks for: as it stands on the page, at which place, with what stands
    around it, and whether it was found to be missing; quoted from the capture by which the duty is
    judged, and what does not stand there from its files (`file`). `?format=html` or
    `Accept: text/html` gives a page.
    """
    view = await elements.elements_of(session, files, duty_id, caller, now)
    wanted = answers.page_wanted(request.headers.get("accept", ""))
    if format == "html" or (format is None and wanted):
        html = elements.page(view)
        return Response(html, headers={"Vary": "Accept"}, media_type="text/html; charset=utf-8")
    answers.vary(response, "Accept")
    return view
