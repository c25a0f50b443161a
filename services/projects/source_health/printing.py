"""The board of sources as a page for people, without scripts."""

from datetime import datetime
from urllib.parse import urlencode

from services.projects.portals.models import PortalHealth
from services.projects.source_health.schemas import SourceBoard
from shared.clock import SHANGHAI
from shared.errors import Text
from shared.web.templates import templates_of

_TEMPLATES = templates_of("projects")
LIGHT = {PortalHealth.UP: "green", PortalHealth.DOWN: "red", PortalHealth.UNKNOWN: "grey"}


def board_page(board: SourceBoard, wanted: dict[str, str]) -> str:
    """The whole page; `wanted` is the query that it answers, without its cursor."""
    return _TEMPLATES.get_template("sources.html").render(
        board=board,
        as_of=_moment(board.as_of),
        light=LIGHT,
        moment=_moment,
        sentence=_sentence(board),
        shown=PortalHealth(wanted.get("health", PortalHealth.DOWN)),
        query=lambda **others: urlencode(wanted | others),
        head_number=None,
        withdrawal=None,
    )


def _sentence(board: SourceBoard) -> Text:
    """What a mayor reads first."""
    count = {state.health: state for state in board.states}
    total = sum(state.portals for state in board.states)
    down = count[PortalHealth.DOWN]
    if not down.portals:
        return Text(f"{total} 个公开栏目都没有抓取故障。", f"No portal is down, of {total} in all.")
    return Text(
        f"{total} 个公开栏目中，{down.portals} 个现在无法抓取，涉及 {down.units} 个单位；"
        f"{board.waiting_duties} 项义务因来源无法访问而不能判定，不计入这些单位。",
        f"Portals that cannot be read now: {down.portals} of {total}; their units: {down.units};"
        f" duties that cannot be judged by it: {board.waiting_duties}, held against nobody.",
    )


def _moment(at: datetime | None) -> str:
    return "–" if at is None else at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
