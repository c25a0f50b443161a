"""Who decides on an exemption. Pure."""

from services.projects.exemptions.models import ExemptionRequest
from shared.errors import FourEyes, Text
from shared.security.identity import Caller

_NOT_THEIRS = Text(
    "提出豁免的人和该公开主体的经办人不能决定，请交由另一位监察人员决定",
    "Neither who asked for the exemption nor an officer of the unit may decide on it; please let"
    " another auditor decide",
)


def ensure_another(asked: ExemptionRequest, caller: Caller) -> None:
    """Nobody exempts alone, nor in their own cause. Raises FourEyes."""
    is_theirs = caller.has("officer") and caller.at(asked.unit_code)
    if caller.sub == asked.asked_by or is_theirs:
        raise FourEyes(_NOT_THEIRS)
