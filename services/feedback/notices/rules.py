"""Which notices about a letter hold, and of whom the phone may leave. Pure."""

from collections.abc import Mapping

from services.feedback.letters.models import Anonymity, Letter, LetterKind, LetterState

_S = LetterState
_AT_WORK = frozenset(
    {_S.REGISTERED, _S.ACCEPTED, _S.DISPATCHED, _S.DISPUTED, _S.HANDLING, _S.AWAITING_CITIZEN}
    | {_S.IN_REVIEW}
)
HOLD_IN: Mapping[str, frozenset[LetterState]] = {
    "letter_received": _AT_WORK,
    "letter_answered": frozenset({_S.REPLIED}),
    "letter_due_moved": _AT_WORK,
}
"""By kind of notice, the states in which it is still true."""


def may_be_reached(letter: Letter) -> bool:
    """Whether the sender's phone may leave the office for a notice.

    Of an accusation, and of whoever wrote in confidence, no channel carries anything to anybody
    (信访工作条例, 2022, art. 30): they look at how it stands with their code.
    """
    return letter.kind is not LetterKind.ACCUSATION and letter.anonymity is Anonymity.NAMED
