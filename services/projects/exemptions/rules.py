"""Who decides on an exemption, and who takes it back. Pure."""

from services.projects.duties.rules import is_of_unit
from services.projects.exemptions.models import ExemptionRequest
from shared.errors import FourEyes, Text
from shared.security.identity import Caller

_NOT_THEIRS = Text(
    "提出的人和该公开主体的人员不能决定，请交由另一位监察人员决定",
    "Neither who asked for it nor anybody of the unit may decide on it; please let another auditor"
    " decide",
)
_NOT_OURS = Text(
    "只有提出的人可以撤回；要使它不成立，请作出不予同意的决定",
    "Only who asked for it can take it back; please decide against it instead",
)


def ensure_another(asked: ExemptionRequest, caller: Caller) -> None:
    """Nobody rules alone, nor in their own cause. Raises FourEyes."""
    if caller.sub == asked.asked_by or is_of_unit(caller, asked.unit_code):
        raise FourEyes(_NOT_THEIRS)


def ensure_own(asked: ExemptionRequest, caller: Caller) -> None:
    """Raises FourEyes for anybody but who asked for it."""
    if caller.sub != asked.asked_by:
        raise FourEyes(_NOT_OURS)
