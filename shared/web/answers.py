"""Whose an answer is, and in which language: said to whatever keeps answers (RFC 9111)."""

from fastapi import Depends, Response


def kept_by_nobody(response: Response, *by: str) -> None:
    """For what is somebody's own; `by` are the headers that open it besides a token."""
    response.headers["Cache-Control"] = "no-store"
    vary(response, "Authorization", *by)


def language_wanted(accepted: str) -> str:
    """`en` where the first choice of an Accept-Language is English, else `zh`."""
    return "en" if accepted.strip().lower().startswith("en") else "zh"


def page_wanted(accepted: str) -> bool:
    """Whether the first choice of an Accept is a page, as that of every browser is that opens a
    link. What is answered either way varies by `Accept`."""
    return accepted.strip().lower().startswith("text/html")


def in_language(response: Response, language: str) -> None:
    """For what is written in the language that was asked for."""
    response.headers["Content-Language"] = language
    vary(response, "Accept-Language")


def vary(response: Response, *names: str) -> None:
    """Adds to the headers of a request that the answer depends on."""
    known = response.headers.get("Vary", "").split(", ")
    response.headers["Vary"] = ", ".join(dict.fromkeys([*filter(None, known), *names]))


async def _private(response: Response) -> None:
    kept_by_nobody(response)


PRIVATE = Depends(_private)
"""For a router all of whose answers are somebody's own."""
