"""Into which letters another may be merged. Pure."""

from pydantic import BaseModel

from services.feedback.casework.rules import Facts
from services.feedback.letters.models import Letter, LetterKind, LetterState
from shared.errors import Conflict, NotFound, Text

ENDED_WITHOUT_REPLY = frozenset(
    {
        LetterState.MERGED,
        LetterState.WITHDRAWN,
        LetterState.NOT_ACCEPTED,
        LetterState.TRANSFERRED,
    }
)


ANSWERED_ALREADY = frozenset(
    {LetterState.REPLIED, LetterState.REOPEN_REQUESTED, LetterState.CLOSED}
)
"""No other reply is due in these: what joins such a letter would wait for none."""
_GETS_NO_REPLY = Text(
    "那封来信已经答复，并入后不会再有答复：请先由督办人员同意其重办，或单独答复本件",
    "That letter is answered and owes no other reply: let it be reopened first, or answer this one"
    " by itself",
)


class CannotMerge(Conflict):
    type = "/problems/cannot-merge"
    title = Text("不能并入该来信", "It cannot be merged into that letter")
    advice = Text(
        "请核对要并入的来信编号和状态", "Please check number and state of the letter to merge into"
    )


def may_merge(facts: Facts[BaseModel]) -> None:
    """Into a letter that goes on itself, and that is seen by nobody who may not see this one."""
    letter, target = facts.letter, facts.target
    if target is None:
        raise NotFound(
            Text(
                "没有找到要并入的来信，请从工作列表中选",
                "The letter to merge into was not found; please choose one of the work list",
            )
        )
    if target.id == letter.id:
        raise CannotMerge(
            Text(
                "不能并入自身，请另选一封",
                "A letter cannot be merged into itself; please choose another",
            )
        )
    if target.state in ENDED_WITHOUT_REPLY:
        raise CannotMerge(state=target.state)
    if target.state in ANSWERED_ALREADY:
        raise CannotMerge(_GETS_NO_REPLY, state=target.state)
    if _accuses(target) != _accuses(letter):
        raise CannotMerge(
            Text(
                "举报件只能与相同对象的举报件并案；请另选，或分别办理",
                "Accusations merge only with their like: choose another, or handle them apart",
            )
        )


def _accuses(letter: Letter) -> tuple[bool, frozenset[str] | None]:
    """Whether it accuses, and whom: unknown (None) until its registration names them."""
    if letter.kind is not LetterKind.ACCUSATION:
        return False, frozenset()
    return True, None if letter.state is LetterState.RECEIVED else frozenset(letter.accused)
