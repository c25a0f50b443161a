"""Which rulings take a duty out of the ordinary course, which bring it back, and by whom.

Each comes with its document. What takes back what two persons decided, or touches a clock that has
run out already, is asked for by one and made by another (exemptions): nobody alone makes a late
duty not late. A ruling that extends moves the end of the clock and leaves the duty where it stands.
What the catalogue calls not auditable is never ruled on. A dispute is a case of its own (disputes):
only once it is upheld does it take the duty out.
"""

from enum import StrEnum
from typing import NamedTuple

from services.projects.duties.models import Hold, RulingKind
from shared.errors import Text
from shared.workflow import Workflow


class AddedDays(StrEnum):
    """By how many days a ruling moves the end of the clock."""

    ORDERED = "ordered"
    """As many as the order names."""
    STOOD_STILL = "stood_still"
    """As many as the clock stood still for since the suspension, where it had not run out."""


class SecondPerson(StrEnum):
    """When one asks for the ruling, and another makes it."""

    ALWAYS = "always"
    ONCE_OVER = "once over"
    """Once the clock has run out, or had when it was suspended."""


class RulingStep(NamedTuple):
    """What a ruling makes of a duty, who may make it, how it moves the clock.

    `second`: when another has to make it than who asks for it. `is_opened`: whether the unit may
    open a dispute there; one that is open may be upheld later.
    """

    state: Hold
    action: RulingKind
    to: Hold
    roles: frozenset[str]
    days: AddedDays | None = None
    second: SecondPerson | None = None
    is_opened: bool = False


_H, _R, _D = Hold, RulingKind, AddedDays
_AUDITOR = frozenset({"auditor"})
_ALWAYS, _ONCE_OVER = SecondPerson.ALWAYS, SecondPerson.ONCE_OVER

WORKFLOW = Workflow(
    (
        RulingStep(_H.NONE, _R.EXEMPT, _H.EXEMPT, _AUDITOR, second=_ALWAYS),
        RulingStep(_H.NONE, _R.DISPUTE, _H.DISPUTED, _AUDITOR, is_opened=True),
        RulingStep(_H.NONE, _R.EXTEND, _H.NONE, _AUDITOR, _D.ORDERED, _ONCE_OVER),
        RulingStep(_H.NONE, _R.SUSPEND, _H.SUSPENDED, _AUDITOR, second=_ONCE_OVER),
        RulingStep(_H.DISPUTED, _R.EXEMPT, _H.EXEMPT, _AUDITOR, second=_ALWAYS),
        RulingStep(_H.DISPUTED, _R.RESTORE, _H.NONE, _AUDITOR, second=_ALWAYS),
        RulingStep(_H.SUSPENDED, _R.DISPUTE, _H.DISPUTED, _AUDITOR, _D.STOOD_STILL),
        RulingStep(_H.SUSPENDED, _R.EXEMPT, _H.EXEMPT, _AUDITOR, second=_ALWAYS),
        RulingStep(_H.SUSPENDED, _R.EXTEND, _H.SUSPENDED, _AUDITOR, _D.ORDERED, _ONCE_OVER),
        RulingStep(_H.SUSPENDED, _R.RESTORE, _H.NONE, _AUDITOR, _D.STOOD_STILL, _ONCE_OVER),
        RulingStep(_H.EXEMPT, _R.RESTORE, _H.NONE, _AUDITOR, second=_ALWAYS),
    ),
    {
        _H.NONE: Text("照常监察", "in the ordinary course"),
        _H.EXEMPT: Text("已豁免", "exempt"),
        _H.DISPUTED: Text("异议成立", "dispute upheld"),
        _H.SUSPENDED: Text("已中止", "suspended"),
        _H.NOT_APPLICABLE: Text("不适用", "not applicable"),
    },
    {
        _R.EXEMPT: Text("豁免", "exempt"),
        _R.DISPUTE: Text("异议", "dispute"),
        _R.EXTEND: Text("延长期限", "extend"),
        _R.SUSPEND: Text("中止期限", "suspend"),
        _R.RESTORE: Text("恢复监察", "restore"),
    },
    title=Text("公开义务", "Duties"),
    starts=[_H.NONE, _H.NOT_APPLICABLE],
    columns={
        "days": Text("期限顺延", "days added"),
        "second": Text("须另一人决定", "another decides"),
        "is_opened": Text("可提出异议", "a dispute may be opened"),
    },
)
SUSPENDING = frozenset(
    step.action for step in WORKFLOW.rows if step.state is not step.to and step.to is _H.SUSPENDED
)
"""From the last of these on, the clock stands still."""
