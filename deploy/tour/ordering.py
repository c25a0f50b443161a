"""The second chapter of `make audit-demo`: a fault is put right, and the web itself proves it."""

from deploy.tour import rectifying
from deploy.tour.visiting import Door
from shared.errors import Text


def visit(door: Door) -> None:
    title = Text("二、整改：要求、发布、回复、复核、办结", "Put right: order, reply, proof, closed")
    door.narrator.chapter(title)
    rectifying.put_right(door)
