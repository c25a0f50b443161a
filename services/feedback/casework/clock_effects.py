"""What an action can do to a letter's time limits."""

from enum import StrEnum


class ClockEffect(StrEnum):
    """What an action does to the letter's time limits."""

    REGISTERED_IN_TIME = "meets the limit to register"
    KIND_SETTLED = "sets the limit to reply by the kind, from the day that it ran from"
    DISPATCHED = "starts the department's limit to accept or return"
    TAKEN = "meets the limit to accept or return; who holds the letter answers for its limits"
    PAUSED = "pauses the limit to reply while the sender is asked"
    WAITS_ON = "gives the sender the full time to answer once more"
    RESUMED = "lets the limit to reply run on"
    EXTENDED = "extends the limit to reply"
    ANSWERED = "meets the limit to reply; starts those to publish, to reopen and of silence"
    REOPEN_ASKED = "starts the limit to decide on the reopening"
    REOPEN_DECIDED = "meets the limit to decide on the reopening"
    REOPENED = "starts a new limit to reply"
    APPEALED = "starts the limit to decide on the appeal"
    APPEAL_DECIDED = "meets the limit to decide on the appeal"
    ENDED = "ends every limit"
    REVIVED = "starts the limit to reply again as it ran before"
