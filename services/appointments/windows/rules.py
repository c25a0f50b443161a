"""What may not be done to the windows of a hall. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.errors import Conflict, Text

MOST_NAMED = 10


class Stranded(Conflict):
    """Members: `tickets`, the numbers of all whom the change would leave without a window."""

    type = "/problems/tickets-stranded"
    title = Text("有群众正在等这些窗口", "People are waiting for these windows")
    advice = Text(
        "请先办完或放弃这些号，或让另一个开放的窗口办理这些事项，再提交",
        "Serve these tickets first, or let another open window serve their items, then try again",
    )


class Names:
    """What accounts were called at the windows: an account is not always used by one person.

    `known` holds, by account, the names and since when each, the first one first.
    """

    def __init__(self, known: Mapping[str, Sequence[tuple[datetime, str]]]) -> None:
        self._known = known

    def at(self, account: str, moment: datetime) -> str | None:
        """The name of whoever used the account then; before the first, that one's."""
        names = self._known.get(account)
        if not names:
            return None
        return next((name for since, name in reversed(names) if since <= moment), names[0][1])

    def within(self, account: str, first: datetime, end: datetime) -> str | None:
        """The names of all who opened a window in that time; where nobody did, whose it was."""
        names = [name for since, name in self._known.get(account, ()) if first <= since < end]
        return "、".join(dict.fromkeys(names)) or self.at(account, first)


class Served(NamedTuple):
    """Whether a ticket that waits has a window that serves it, and one that is open now."""

    ticket: UUID
    number: str
    served: bool
    served_now: bool


def stranded(before: Collection[Served], after: Collection[Served]) -> list[str]:
    """Numbers of those who had a window, or an open one, and have none any more.

    Who only waits since then was at a window, which was open.
    """
    was = {each.ticket: each for each in before}

    def is_stranded(each: Served) -> bool:
        had = was.get(each.ticket, each._replace(served=True, served_now=True))
        return (had.served and not each.served) or (had.served_now and not each.served_now)

    return [each.number for each in after if is_stranded(each)]


def ensure_nobody_stranded(numbers: Sequence[str]) -> None:
    """Raises Stranded, naming them."""
    if not numbers:
        return
    zh, en = _named(numbers)
    raise Stranded(
        Text(
            f"{zh}将没有窗口接待：请先办完，或让另一个开放的窗口办理这些事项",
            f"{en} would have no window left: serve them first, or let another open window do so",
        ),
        tickets=list(numbers),
    )


def no_open_window(numbers: Sequence[str]) -> Text | None:
    """What the staff can do for those whom no open window serves; None where there are none."""
    if not numbers:
        return None
    zh, en = _named(numbers)
    return Text(
        f"{zh}现在没有开放的窗口：请开放另一个能办理的窗口，或告诉他们何时再有窗口开放",
        f"No window is open for {en}: please open another one that serves them, or let them know "
        "when one opens",
    )


def _named(numbers: Sequence[str]) -> Text:
    """The first of them, and how many more there are."""
    shown = numbers[:MOST_NAMED]
    zh, en = f"{'、'.join(shown)} 号", ", ".join(shown)
    if len(numbers) > MOST_NAMED:
        zh, en = f"{zh}等 {len(numbers)} 人", f"{en} and {len(numbers) - MOST_NAMED} more"
    return Text(zh, en)
