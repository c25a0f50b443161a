"""A room: one use case of a service, which says itself what it brings."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from shared.jobs import Job, LongJob
from shared.messaging.bus import Subscription
from shared.messaging.events import Event
from shared.workflow import Workflow

Work = Job | LongJob | Callable[[Any], Job | LongJob]
"""A job, or what makes it of the service's settings."""


@dataclass(frozen=True)
class Room:
    """What a room's `__init__` declares; its service's `app.py` lists the rooms.

    Routes are tried in the order of the rooms and of their routers, so the busiest come first.
    """

    routers: Sequence[APIRouter] = ()
    publishes: Sequence[type[Event]] = ()
    subscriptions: Sequence[Subscription[Any]] = ()
    jobs: Sequence[Work] = ()
    workflows: Sequence[Workflow[Any]] = ()
    """Its states, which the documents call by their names."""


def publishes(rooms: Iterable[Room]) -> list[type[Event]]:
    """Every event that the rooms publish."""
    return [event for room in rooms for event in room.publishes]


def workflows(rooms: Iterable[Room]) -> list[Workflow[Any]]:
    """Every workflow of the rooms."""
    return [workflow for room in rooms for workflow in room.workflows]


def subscriptions(rooms: Iterable[Room]) -> list[Subscription[Any]]:
    """Every subscription of the rooms."""
    return [subscription for room in rooms for subscription in room.subscriptions]
