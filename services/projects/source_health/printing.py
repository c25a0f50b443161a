"""The board of sources as a page for people, without scripts."""

from datetime import datetime
from urllib.parse import urlencode

from services.projects.portals.models import PortalHealth
from services.projects.source_health.schemas import SourceBoard
from shared.clock import moment_text
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
        shown=PortalHealth(wanted["health"]) if "health" in wanted else None,
        query=lambda **others: urlencode(_given(wanted | others)),
        head_number=None,
        withdrawal=None,
    )


def _given(query: dict[str, str | None]) -> dict[str, str]:
    """Without what is left out by a link."""
    return {name: value for name, value in query.items() if value is not None}


def _sentence(board: SourceBoard) -> Text:
    """What a mayor reads first."""
    count = {state.health: state for state in board.states}
    total = sum(state.portals for state in board.states)
    down = count[PortalHealth.DOWN]
    unproven = Text(
        f"另有 {board.unproven} 个能抓取却长期不能证明“未公开”，所属单位因此不会被判逾期。",
        f" Read, but without a proof of absence for weeks, so that their units are never called"
        f" overdue: {board.unproven}.",
    )
    more = unproven if board.unproven else Text("", "")
    if not down.portals:
        return Text(
            f"{total} 个公开栏目都没有抓取故障。{more.zh}",
            f"No portal is down, of {total} in all.{more.en}",
        )
    return Text(
        f"{total} 个公开栏目中，{down.portals} 个现在无法抓取，涉及 {down.units} 个单位；"
        f"{board.waiting_duties} 项义务因来源无法访问而不能判定，不计入这些单位。{more.zh}",
        f"Portals that cannot be read now: {down.portals} of {total}; their units: {down.units};"
        f" duties that cannot be judged by it: {board.waiting_duties}, held against nobody."
        f"{more.en}",
    )


def _moment(at: datetime | None) -> str:
    return "–" if at is None else moment_text(at)
