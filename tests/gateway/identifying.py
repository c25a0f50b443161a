"""How one administrator says whom an account belongs to, and another agrees."""

from random import randrange
from typing import Any

import httpx

from tests.conftest import Headers

PERSON = {"name": "张三丰", "phone": "138 0013 8000", "id_number": "11010519491231002x"}


async def identify(
    client: httpx.AsyncClient, headers: dict[str, str], account: Any, **wanted: Any
) -> httpx.Response:
    url = f"/api/v1/accounts/{account}/identity"
    return await client.put(url, json=wanted or PERSON, headers=headers)


async def approve(
    client: httpx.AsyncClient, as_: Headers, account: Any, by: str = "second-admin", **read: str
) -> httpx.Response:
    """By somebody who read these numbers from the document."""
    url, admin = f"/api/v1/accounts/{account}/identity", as_("admin", "*", sub=by)
    seen = {"version": (await client.get(url, headers=admin)).json()["version"], **read}
    return await client.post(f"{url}/approve", json=seen, headers=admin)


def numbers(wanted: dict[str, Any]) -> dict[str, Any]:
    return {part: wanted[part] for part in ("phone", "id_number") if part in wanted}


async def verified(
    client: httpx.AsyncClient, as_: Headers, account: Any, **wanted: Any
) -> dict[str, Any]:
    """What one administrator checked and another approved."""
    answer = await identify(client, as_("admin", "*"), account, **wanted)
    assert answer.status_code == 200, answer.text
    answer = await approve(client, as_, account, **numbers(wanted or PERSON))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def an_id_number() -> str:
    """One that no other test uses, with its check digit (GB 11643-1999)."""
    head = f"110105{1940 + randrange(60)}{1 + randrange(12):02}{1 + randrange(28):02}"
    head += f"{randrange(1000):03}"
    weighed = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(head))
    return head + "10X98765432"[weighed % 11]
