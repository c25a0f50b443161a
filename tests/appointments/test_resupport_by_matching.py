"""Who lost their time has it again where somebody else can be moved for them."""

from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good
from tests.appointments.test_resupport import at_first_slot, drift, states
from tests.appointments.test_schedules import apply, change, free, propose

ONE = {"capacity": {"online": 1}}


async def test_a_proposal_counts_and_names_whom_a_move_of_others_helps(office: Office) -> None:
    """One sits in the slot of both items; the other's rule goes, and one for the first's comes."""
    first, second = office.items
    both = {**ONE, "code": "BOTH"}
    await apply(office, change(office, both))
    sits = await at_first_slot(office, 1, item=0)
    await apply(office, change(office, {**ONE, "code": "SECOND", "item_codes": [second]}))
    lost = await at_first_slot(office, 1, item=1)

    alone = good(await propose(office, change(office, retire=["SECOND"])))
    spared = change(office, {**ONE, "code": "FIRST", "item_codes": [first]}, retire=["SECOND"])

    assert [one["code"] for one in alone["orphaned"]] == [lost[0]["code"]]
    assert good(await propose(office, spared))["orphaned"] == []
    assert (await apply(office, change(office, retire=["SECOND"])))["resupported"] == 0
    assert await states(office, [*sits, *lost]) == ["confirmed", "orphaned"]
    back = change(office, {**ONE, "code": "FIRST", "item_codes": [first]})
    assert good(await propose(office, back))["resupported"] == 1
    assert (await apply(office, back))["resupported"] == 1
    assert await states(office, [*sits, *lost]) == ["confirmed", "confirmed"]
    assert await drift(office) == 0


async def test_nobody_who_is_moved_for_another_loses_their_time(office: Office) -> None:
    """Of three for two places the last loses theirs, whoever sits where."""
    first, _ = office.items
    await apply(office, change(office, {**ONE, "code": "BOTH"}))
    people = await at_first_slot(office, 1, item=0)
    await apply(
        office, change(office, {"capacity": {"online": 2}, "code": "FIRST", "item_codes": [first]})
    )
    people += await at_first_slot(office, 2, item=0)

    done = await apply(office, change(office, {**ONE, "code": "FIRST", "item_codes": [first]}))

    assert [one["code"] for one in done["orphaned"]] == [people[2]["code"]]
    assert await states(office, people) == ["confirmed", "confirmed", "orphaned"]
    assert await drift(office) == 0


async def test_a_place_given_back_helps_who_could_not_sit_in_it(office: Office) -> None:
    first, second = office.items
    rules = [
        {**ONE, "code": "FIRST", "item_codes": [first]},
        {**ONE, "code": "BOTH"},
        {**ONE, "code": "SECOND", "item_codes": [second]},
    ]
    await apply(office, change(office, *rules))
    people = await at_first_slot(office, 2, item=0)
    lost = await at_first_slot(office, 1, item=1)
    await apply(office, change(office, retire=["SECOND"]))
    assert await states(office, lost) == ["orphaned"]
    in_first = await office.owner.fetchval(
        "SELECT a.id FROM appointment a JOIN appointment_slot x ON x.appointment_id = a.id"
        " JOIN slot s ON s.id = x.slot_id WHERE s.hall_code = $1 AND s.rule_code = 'FIRST'"
        " AND a.state = 'confirmed'",
        office.code,
    )

    good(await office.do({"id": in_first}, "cancel", office.clerk()))

    assert await states(office, lost) == ["confirmed"]
    assert sorted(await states(office, people)) == ["cancelled", "confirmed"]
    assert (await free(office, item=first, full=True))[0]["free"] == 0
    assert await drift(office) == 0
