"""Which places are for who waits. Pure."""

from services.appointments.waitlist.models import WaitlistState
from shared.database.transitions import listed

WAITING = listed([WaitlistState.WAITING])
LIVE = listed([WaitlistState.WAITING, WaitlistState.OFFERED])
"""States of which a person has one a hall and item (the index `uq_waitlist_entry_live`)."""


def fits(entry: str, slot: str, hall: str) -> str:
    """The condition that the place of a slot is what the entry waits for."""
    begins = f"({slot}.starts_at AT TIME ZONE {hall}.timezone)::time"
    return (
        f"{entry}.hall_code = {slot}.hall_code AND {entry}.item_code = ANY({slot}.item_codes)"
        f" AND {entry}.pool = {slot}.pool"
        f" AND {slot}.on_date BETWEEN {entry}.first_on AND {entry}.last_on"
        f" AND ({entry}.not_before IS NULL OR {begins} >= {entry}.not_before)"
        f" AND ({entry}.not_after IS NULL OR {begins} <= {entry}.not_after)"
    )


def wished(appointment: str) -> str:
    """The condition that a place of the appointment is for the waitlist: somebody waits for it, or
    it was offered already, and who lets it pass cannot pass it on."""
    return f"""(EXISTS (
    SELECT FROM appointment_slot xw JOIN slot sw ON sw.id = xw.slot_id
    JOIN hall hw ON hw.code = sw.hall_code
    JOIN waitlist_entry ew ON ew.state IN ({WAITING}) AND {fits("ew", "sw", "hw")}
    WHERE xw.appointment_id = {appointment}.id
  ) OR EXISTS (SELECT FROM waitlist_offer ow WHERE ow.appointment_id = {appointment}.id))"""
