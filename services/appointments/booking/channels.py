"""Who gives the places of which pool. Pure.

People with an account book online, a machine gives what is kept for those who are at the hall, and
staff give all of it: the places of the telephone to who is on the telephone, those on site to who
stands before them, and their own as they see fit. What is online is for everybody.
"""

from typing import NamedTuple

from services.appointments.slots.models import BY_CHANNEL, Pool
from shared.errors import Invalid, Text
from shared.security.identity import Caller


class Channel(NamedTuple):
    """The pools whose places somebody with one of the roles may give."""

    roles: tuple[str, ...]
    pools: frozenset[Pool]


CHANNELS = (
    Channel(("clerk", "hall_manager"), frozenset(Pool)),
    Channel(("device",), frozenset({Pool.ONLINE, Pool.ON_SITE})),
)
OWN = frozenset({Pool.ONLINE})
"""Of whoever books with an account."""

GIVEN_BY = {
    Pool.ASSISTED: Text("这类号源由工作人员代约", "These places are given by staff"),
    Pool.PHONE: Text(
        "这类号源留给电话预约，请致电大厅", "These places are for who telephones: call the hall"
    ),
    Pool.ON_SITE: Text(
        "这类号源留给到大厅现场预约的人",
        "These places are for who comes to the hall and asks there",
    ),
}
"""What is said to whoever may not give them."""

_NOT_IN_USE = Text(
    "电话和现场号源尚未启用，请联系系统管理员",
    "Places for the telephone and the counter are not in use yet; ask the administrator",
)


def ensure_in_use(pool: Pool, pointer: str, *, channel_pools: bool) -> None:
    """Raises Invalid for a pool that not every instance may know yet (decision 048)."""
    if pool in BY_CHANNEL and not channel_pools:
        raise Invalid(_NOT_IN_USE, pointer=pointer)


def pools_of(caller: Caller) -> frozenset[Pool]:
    """The pools whose places the caller may give; at what halls is another matter."""
    for channel in CHANNELS:
        if caller.has(*channel.roles):
            return channel.pools
    return OWN
