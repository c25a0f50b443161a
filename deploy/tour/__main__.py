"""`python -m deploy.tour [URL]`: exits 1 and says why when a step does not go as it must."""

import os
import sys
from importlib import import_module
from pathlib import Path

import httpx

from deploy import running
from deploy.local import options
from deploy.local.options import BadOption
from deploy.tour.narrator import Narrator
from deploy.tour.visiting import Door, NotOurSystem, TourStopped
from shared.errors import Text

CHAPTERS = ("hall", "disclosure", "letters", "consultation")
"""Loaded one by one: each brings a service's words, and whoever has no system running should not
wait for them to hear so."""


def main(arguments: list[str]) -> int:
    narrator = Narrator()
    try:
        data = options.read().data
        url = arguments[0] if arguments else running.url()
    except BadOption as refused:
        _say(narrator, Text(refused.zh, refused.en))
        return 1
    accounts = Path(os.environ.get("ONEDOOR_DEMO_ACCOUNTS", data / "demo-accounts.json"))
    if not accounts.is_file():
        _say(narrator, running.not_there("tour", data))
        return 1
    try:
        door = Door(url, accounts, narrator)
        door.recognise()
        for chapter in CHAPTERS:
            import_module(f"deploy.tour.{chapter}").visit(door)
    except NotOurSystem as strange:
        _say(
            narrator,
            Text(
                f"{url}：{strange.reason.zh}。什么也没有做。",
                f"{url}: {strange.reason.en}. Nothing was done there.",
            ),
        )
        return 1
    except httpx.ConnectError:
        _say(narrator, running.no_answer("tour", url))
        return 1
    except (TourStopped, httpx.HTTPError, OSError) as stopped:
        text = Text(f"走到这里停住了：{stopped}", f"The tour stopped here: {stopped}")
        _say(narrator, text)
        return 1
    narrator.end()
    return 0


def _say(narrator: Narrator, text: Text) -> None:
    sys.stderr.write(f"\n{text.say(narrator.tongue)}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
