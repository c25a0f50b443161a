"""How a tour is walked: in the system whose accounts we hold and in no other, told as it goes."""

import os
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import httpx

from deploy import running
from deploy.local import options
from deploy.local.options import BadOption
from deploy.tour.narrator import Narrator
from deploy.tour.visiting import Door, NotOurSystem, TourStopped
from shared.errors import Text


def walk(target: str, chapters: Iterable[str], arguments: list[str]) -> int:
    """The exit code of `make target`: 1 when a step did not go as it must, which it tells.

    `chapters` are loaded one by one: each brings a service's words, and whoever has no system
    running should not wait for them to hear so.
    """
    narrator = Narrator()
    try:
        data = options.read().data
        url = arguments[0] if arguments else running.url()
    except BadOption as refused:
        return _stop(narrator, Text(refused.zh, refused.en))
    accounts = Path(os.environ.get("ONEDOOR_DEMO_ACCOUNTS", data / "demo-accounts.json"))
    if not accounts.is_file():
        return _stop(narrator, running.not_there(target, data))
    try:
        door = Door(url, accounts, narrator)
        door.recognise()
        for chapter in chapters:
            import_module(f"deploy.tour.{chapter}").visit(door)
    except NotOurSystem as strange:
        zh = f"{url}：{strange.reason.zh}。什么也没有做。"
        return _stop(narrator, Text(zh, f"{url}: {strange.reason.en}. Nothing was done there."))
    except httpx.ConnectError:
        return _stop(narrator, running.no_answer(target, url))
    except (TourStopped, httpx.HTTPError, OSError) as stopped:
        text = Text(f"走到这里停住了：{stopped}", f"The tour stopped here: {stopped}")
        return _stop(narrator, text)
    narrator.end()
    return 0


def _stop(narrator: Narrator, text: Text) -> int:
    sys.stderr.write(f"\n{text.say(narrator.tongue)}\n")
    return 1
