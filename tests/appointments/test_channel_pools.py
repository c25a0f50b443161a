"""Places online, on the telephone, on site and of staff: who gives which, and what is left."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from deploy.local.nats import NatsServer
from deploy.postgres import Urls
from services.appointments.app import create_app
from services.appointments.booking.channels import pools_of
from services.appointments.schedules.schemas import ScheduleChange
from services.appointments.schedules.service import ensure_in_use
from services.appointments.slots.models import Pool
from shared.errors import Invalid
from shared.security.identity import Caller
from shared.web import dependencies
from tests import support
from tests.appointments.offices import Office, person
from tests.appointments.queue_helpers import Clock, good, problem
from tests.appointments.quotas import slot_ids
from tests.appointments.test_schedules import RULE, apply, change, free
from tests.support import Tokens

FOUR = {"capacity": {"online": 4, "phone": 3, "on_site": 2, "assisted": 1}}
TODAY = "2026-11-24"


async def book(office: Office, slot: UUID, who: str) -> httpx.Response:
    if who == "citizen":
        return await office.ask(slot)
    headers = {"clerk": office.clerk, "hall_manager": office.manager, "device": office.device}[who]
    return await office.ask(slot, headers=headers(), citizen=person())


@pytest.mark.parametrize(
    ("roles", "pools"),
    [
        ({"citizen"}, {"online"}),
        ({"device"}, {"online", "on_site"}),
        ({"clerk"}, {"online", "phone", "on_site", "assisted"}),
        ({"hall_manager", "citizen"}, {"online", "phone", "on_site", "assisted"}),
        (set(), {"online"}),
    ],
)
def test_who_gives_which_places(roles: set[str], pools: set[str]) -> None:
    assert pools_of(Caller("x", frozenset(roles))) == {Pool(pool) for pool in pools}


@pytest.mark.parametrize("who", ["citizen", "device", "clerk", "hall_manager"])
async def test_each_books_from_their_own_pools_and_from_no_other(office: Office, who: str) -> None:
    await apply(office, change(office, FOUR))
    may = {
        "citizen": {"online"},
        "device": {"online", "on_site"},
    }.get(who, {pool.value for pool in Pool})
    for place, pool in enumerate(Pool):
        slot = (await slot_ids(office, pool.value, TODAY))[place]
        answer = await book(office, slot, who)
        if pool.value in may:
            assert good(answer, 201)["pool"] == pool.value
        else:
            problem(answer, 422, "invalid-request")


async def test_availability_tells_what_is_left_of_the_pool_that_is_asked_for(
    office: Office,
) -> None:
    await apply(office, change(office, FOUR))
    [slot, *_] = await slot_ids(office, "phone", TODAY)
    good(await book(office, slot, "clerk"), 201)

    day = {"from": TODAY, "to": TODAY}
    left = {pool: (await free(office, pool=pool, **day))[0]["free"] for pool in FOUR["capacity"]}

    assert left == {"online": 4, "phone": 2, "on_site": 2, "assisted": 1}


async def test_a_time_is_booked_in_a_pool_by_those_who_give_its_places(office: Office) -> None:
    await apply(office, change(office, FOUR))
    at: dict[str, Any] = {"hall_code": office.code, "starts_at": f"{TODAY}T10:00:00+08:00"}
    url = "/api/v1/appointments"

    for pool in ("phone", "on_site", "assisted"):
        body = {**at, "pool": pool, "item_code": office.items[0]}
        answer = await office.client.post(url, json=body, headers=office.citizen())
        assert problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == "/body/pool"
    body = {**at, "pool": "on_site", "item_code": office.items[0], "citizen": person()}
    held = good(await office.client.post(url, json=body, headers=office.device()), 201)
    assert held["pool"] == "on_site"


def test_places_of_new_pools_are_given_only_once_every_instance_knows_them() -> None:
    """Decision 048: where the operator has not said so, nothing writes them."""
    rule = {**RULE, **FOUR, "item_codes": ["I-1"]}
    wanted = ScheduleChange.model_validate({"hall": "H001", "rules": [rule]})
    ensure_in_use(wanted, channel_pools=True)
    with pytest.raises(Invalid) as refused:
        ensure_in_use(wanted, channel_pools=False)
    assert refused.value.pointer == "/body/rules/0/capacity/on_site"


@pytest.mark.parametrize("pool", ["phone", "on_site", "assisted"])
async def test_nor_does_anybody_wait_for_them(
    office: Office, timeless: Urls, bus: NatsServer, tokens: Tokens, test_clock: Clock, pool: str
) -> None:
    settings = support.settings_for("appointments", timeless.service, bus, tokens, background=False)
    app = create_app(settings)
    app.dependency_overrides[dependencies.present] = test_clock
    body = {"hall_code": office.code, "item_code": office.items[0], "pool": pool}
    wanted = {**body, "first_on": TODAY, "last_on": TODAY, "citizen": person()}
    async with support.serve(app) as client:
        answer = await client.post("/api/v1/waitlist", json=wanted, headers=office.clerk())
    if pool == "assisted":
        assert good(answer, 201)["pool"] == pool
    else:
        assert problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == "/body/pool"
