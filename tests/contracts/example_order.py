"""When the examples of operations are tried: how long one waits, what comes first, what last."""

from services.projects import examples as projects

SOON = 3.0
PATIENCE = {
    "read_notice": 10.0,
    "recall_ticket": 10.0,
    "verify_rating": 10.0,
    "give_rating": 10.0,
    "ask_to_rate": 10.0,
    "dispute_duty": 300.0,
    "order_rectification": 300.0,
}
"""Seconds to wait at most: events take a moment, and so do the demo's portals."""
TIME = {
    "correct_no_show": "an appointment of today that nobody came to: its time has to go by first",
    "finish_outreach": "an outreach event that has begun: its time has to go by first",
    "appeal_penalty": "a penalty, which follows from several such appointments",
    "lift_penalty": "the same",
}
"""Sent by no test here: their case takes hours or days (`tests/appointments/` hands in a clock)."""
RECTIFYING = {*projects.RECTIFYING.values(), "order_rectification"}
AFTER_A_WALK = {"dispute_duty", "decide_dispute", "accept_match", "reject_match", *RECTIFYING}
"""Tried late: by then the demo's portals have been read."""
UNDOES_PROOFS = {"put_absence_policy", "put_portal", "put_portal_rule", "put_unit"}
"""Tried last: by what these change, nothing is proven absent for an hour, or until all is read."""
OF_THE_NEWEST = {"grant_account", "identify_account"}
"""Whatever they were about before works, too, but is not what the next step is about."""
OWNERS = "change_password"
"""Sent by whoever has set a password by a link."""
SOONEST = "check_in_appointment"
"""Tried first, while the next day is free."""
