"""The advice in words."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.opening_advice import queries, service
from services.appointments.opening_advice.rules import Saving
from services.appointments.opening_advice.schemas import AdvisedWindow, OpeningAdviceView
from shared.errors import Text, counted
from shared.security.identity import Caller


async def shown(
    session: AsyncSession, hall_code: str, caller: Caller, now: datetime, language: str
) -> OpeningAdviceView:
    """Raises NotFound."""
    found = await service.of_hall(session, hall_code, caller, now)
    codes = {code for saving in found.savings for code in saving.item_codes}
    names = await queries.names(session, codes) if codes else {}
    return OpeningAdviceView(
        hall_code=hall_code,
        at=found.at,
        limit_minutes=found.limit_minutes,
        windows=[_window(saving, names, language) for saving in found.savings],
    )


def _window(
    saving: Saving, names: Mapping[str, tuple[str, str | None]], language: str
) -> AdvisedWindow:
    window = saving.window
    return AdvisedWindow(
        window_id=window.id,
        window_no=window.no,
        window_name=window.name,
        state=window.state,
        item_codes=saving.item_codes,
        waiting=saving.waiting,
        p85_minutes=saving.p85_minutes,
        p85_minutes_then=saving.p85_minutes_then,
        saves_minutes=saving.saves_minutes,
        advice=_sentence(saving, names).say(language),
    )


def _sentence(saving: Saving, names: Mapping[str, tuple[str, str | None]]) -> Text:
    named = [names.get(code, (code, None)) for code in saving.item_codes]
    zh_items = "、".join(zh for zh, _ in named)
    en_items = ", ".join(en or zh for zh, en in named)
    no, then, saved = saving.window.no, saving.p85_minutes_then, saving.saves_minutes
    en_then = counted(then, "minute")
    if saved is None:
        return Text(
            f"建议开放 {no} 号窗口办理{zh_items}：有 {saving.waiting} 人现在没有窗口办理，"
            f"开放后预计最多等候 {then} 分钟",
            f"Open window {no} for {en_items}: no window serves"
            f" {counted(saving.waiting, 'person', 'people')} now, who would wait {en_then} at most",
        )
    return Text(
        f"建议开放 {no} 号窗口办理{zh_items}：{saving.waiting} 人的最长预计等候可由"
        f" {saving.p85_minutes} 分钟降到 {then} 分钟，少等 {saved} 分钟",
        f"Open window {no} for {en_items}: of {counted(saving.waiting, 'person', 'people')} nobody"
        f" would wait longer than {en_then} instead of {saving.p85_minutes}, which saves"
        f" {counted(saved, 'minute')}",
    )
