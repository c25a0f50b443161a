"""When letters of nobody known are a flood, and the number of one that waits. Pure.

Only those with neither a contact nor an account are guarded, whatever they call themselves: whoever
leaves one can be asked, and staff answer for what they take down.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple

from services.feedback.letters import rules as letter_rules
from services.feedback.letters.numbers import check_digit
from services.feedback.letters.schemas import LetterIn
from services.feedback.quarantine.models import FloodSign
from shared.errors import Conflict, Text
from shared.ids import check_code, public_code
from shared.security.identity import Caller

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MOST_NETWORKS = 50_000
"""Networks counted at a time; a new one beyond them is not told apart."""


class FloodLimits(NamedTuple):
    """How many letters of nobody known are registered without a look."""

    equal_a_day: int
    of_network_an_hour: int
    an_hour: int


class NetworkCounts:
    """How many letters each network sent in the present hour, in this process: `FloodLimits` are
    its share, where there are several.

    Kept in memory and forgotten with the hour: nothing about where a letter came from is stored,
    so nothing can be joined to one.
    """

    def __init__(self) -> None:
        self._hour: datetime | None = None
        self._counts: Counter[str] = Counter()

    def count(self, network: str, now: datetime) -> int:
        """One more letter of the network; returns how many it has sent in this hour."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour, self._counts = hour, Counter()
        if network in self._counts or len(self._counts) < MOST_NETWORKS:
            self._counts[network] += 1
        return self._counts[network]

    def take_back(self, network: str, now: datetime) -> None:
        """One letter less, that was counted at `now`: its transaction was rolled back."""
        if now.replace(minute=0, second=0, microsecond=0) == self._hour and self._counts[network]:
            self._counts[network] -= 1


class NotYetRegistered(Conflict):
    """Member `state` says whether the letter waits or was dropped."""

    type = "/problems/not-yet-registered"
    title = Text("这封来信还没有登记", "This letter is not registered yet")
    advice = Text(
        "登记后即可用同一编号和查询码办理；未予登记的，可留下联系方式另写一封",
        "Once it is registered the same number and code will do; if it was not, please write"
        " another letter and leave a contact",
    )


NOTICE = Text(
    "来信已收到并妥善保存。近来匿名来信较集中，工作人员将先核对再登记；"
    "请保存此编号和查询码，随时可以查询。",
    "We have your letter and keep it safe. Many anonymous letters are coming in, so staff look at"
    " them before they are registered; keep this number and code to look it up at any time.",
)


def is_guarded(letter: LetterIn, caller: Caller | None) -> bool:
    """Whether nobody can be asked about the letter: written by its sender, who left neither a
    contact nor an account. What it says of its anonymity proves nothing.
    """
    has_account = caller is not None and letter_rules.is_under_own_name(letter)
    is_own = letter.channel in letter_rules.SELF_SERVICE
    return is_own and letter.contact is None and not has_account


def sign_of(equal: int, of_network: int, in_all: int, limits: FloodLimits) -> FloodSign | None:
    """What makes a letter part of a flood; the counts are without it, of the network with it."""
    if equal >= limits.equal_a_day:
        return FloodSign.SAME_TEXT
    if of_network > limits.of_network_an_hour:
        return FloodSign.SAME_NETWORK
    return FloodSign.RATE if in_all >= limits.an_hour else None


def waiting_number(region: str) -> str:
    """`NC-DH-7KQ2M9XTC-3`: random, so that it says nothing about how many wait. DH is 待核."""
    stem = f"{region}-DH-{public_code()}"
    return f"{stem}-{check_digit(stem)}"


def is_waiting_number(number: str) -> bool:
    """Whether a number, upper case, has the shape of one."""
    parts = number.split("-")
    return len(parts) == 4 and parts[1] == "DH" and check_code(parts[2])
