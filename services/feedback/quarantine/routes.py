"""Where letters come in."""

from typing import Annotated

from fastapi import Request, Response, status

from services.feedback.letters.schemas import LetterIn, LetterReceipt
from services.feedback.quarantine import service
from services.feedback.quarantine.service import Intake
from shared.errors import Forbidden, problem_responses
from shared.security.identity import Caller
from shared.web import answers, networks
from shared.web.dependencies import Deciding, Now, RequestKeyring, public
from shared.web.describing import sends
from shared.web.problems import language_of
from shared.web.routing import Router

router = Router(prefix="/letters", tags=["citizen"], dependencies=[answers.PRIVATE])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    operation_id="write_letter",
    summary="写信 | Write a letter",
    responses={**problem_responses(Forbidden), **sends("Content-Language", status=201)},
    response_model_exclude_none=True,
    openapi_extra={networks.WANTED: True},
)
async def write_letter(
    letter: LetterIn,
    request: Request,
    response: Response,
    session: Deciding,
    keyring: RequestKeyring,
    now: Now,
    caller: Annotated[Caller | None, public()],
) -> LetterReceipt:
    """任何人都可以写信，无需注册。请保存返回的登记编号和查询码，查询码只显示这一次。

    匿名来信短时间内大量涌入时（同一内容、同一网络或总量），先核对再登记：回执里的编号同样可以查询，不会遗失。
    ---
    Anybody may write, without an account. Keep the number and the query code of the answer: the
    code is shown this once.

    When anonymous letters come in a flood (the same text, one network, or very many), staff look
    at them before they are registered: the number of the receipt opens such a letter too, and
    nothing is lost.
    """
    settings = request.state.settings
    limits = service.limits_of(settings)
    language = language_of(request)
    answers.in_language(response, language)
    where = Intake(settings.region, limits, networks.sender(request), language)
    return await service.write_letter(session, keyring, letter, caller, where, now)
