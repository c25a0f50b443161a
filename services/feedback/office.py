"""Who works for the office that keeps all letters, and of which departments somebody is. Pure."""

from shared.security.identity import Caller

EVERYWHERE = "*"
OFFICE_ROLES = ("dispatcher", "supervisor", "reviewer", "auditor")
"""Roles that see letters of every department, when they are given everywhere."""


def in_the_office(caller: Caller) -> bool:
    """Whether the caller works for the office that keeps all letters."""
    return caller.has(*OFFICE_ROLES) and EVERYWHERE in caller.places


def is_everywhere_outside(caller: Caller) -> bool:
    """Whether the caller sees every department without working for the office: accusations are not
    theirs to see, for they are of the accused one too.
    """
    return EVERYWHERE in caller.places and not in_the_office(caller)


def own_departments(caller: Caller) -> frozenset[str]:
    """The departments that the caller is of, by name."""
    return caller.places - {EVERYWHERE}
