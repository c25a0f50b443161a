"""The first chapter of `make audit-demo`: what stands on the web, and what follows from it."""

from deploy.tour import disclosure
from deploy.tour.visiting import Door
from shared.errors import Text


def visit(door: Door) -> None:
    door.narrator.chapter(
        Text("一、采集与判定：网上有没有，按不按时", "Collected and judged: is it there, in time?")
    )
    auditor = door.sign_in("auditor1")
    disclosure.collect(door, auditor)
    disclosure.settle(door, auditor)
    disclosure.review(door, auditor, door.sign_in("auditor2"))
    disclosure.settle(door, auditor)
    disclosure.lights(door, auditor)
