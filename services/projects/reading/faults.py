"""Why a page could not be had. "Could not fetch" is never "not published"."""

from enum import StrEnum


class Fault(StrEnum):
    """The classes of error that make up a source's health."""

    BLOCKED = "blocked"
    REDESIGNED = "redesigned"
    GONE = "gone"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    WRONG_CHARSET = "wrong_charset"
    UNREADABLE = "unreadable"
    SERVER_ERROR = "server_error"
    UNREACHABLE = "unreachable"
    REDIRECT_LOOP = "redirect_loop"
    ADDRESS_REFUSED = "address_refused"
    ROBOTS_DISALLOW = "robots_disallow"
    SHIFTED = "shifted"


class SourceFault(Exception):
    """A page could not be had, or not be read; `detail` names no more than the cause."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else fault.value)
        self.fault, self.detail = fault, detail


class OtherHost(SourceFault):
    """An address, or where it leads, is of another host than the portal's, which is asked by those
    alone who have its turn. `where`: that address.
    """

    def __init__(self, where: str, host: str) -> None:
        super().__init__(Fault.ADDRESS_REFUSED, f"it leads to another host: {host[:100]}")
        self.where = where
