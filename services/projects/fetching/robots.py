"""robots.txt (RFC 9309): what a portal asks collectors to leave alone, and how slowly to go."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

AGENT = "OneDoorAudit"
MAX_DELAY_SECONDS = 30.0
MAX_BYTES = 500 * 1024


@dataclass(frozen=True)
class Robots:
    """Paths allowed and disallowed for us: the longest matching rule decides, allow wins a tie."""

    rules: tuple[tuple[bool, str], ...] = ()
    delay_seconds: float = 0.0

    def allows(self, url: str) -> bool:
        parts = urlsplit(url)
        path = _plain_path((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        hits = [(len(rule), ok) for ok, rule in self.rules if _fits(rule, path)]
        return path == "/robots.txt" or not hits or max(hits)[1]


ALLOW_ALL = Robots()


def read_robots(text: str) -> Robots:
    """The rules of the group for our name, else of the group for everybody."""
    own: list[tuple[bool, str]] = []
    everybody: list[tuple[bool, str]] = []
    delays = {"own": 0.0, "*": 0.0}
    agents: set[str] = set()
    names_ended, is_ours_named = True, False
    for key, value in _lines(text):
        if key == "user-agent":
            agents = {value.lower()} if names_ended else agents | {value.lower()}
            names_ended = False
            continue
        names_ended = True
        ours = AGENT.lower() in agents
        is_ours_named = is_ours_named or ours
        if key in ("allow", "disallow") and value:
            for group in [own] * ours + [everybody] * ("*" in agents):
                group.append((key == "allow", _plain_path(value)))
        if key == "crawl-delay":
            delays.update(
                {who: _seconds(value) for who in ["own"] * ours + ["*"] * ("*" in agents)}
            )
    return Robots(
        tuple(own if is_ours_named else everybody), delays["own" if is_ours_named else "*"]
    )


def _lines(text: str) -> list[tuple[str, str]]:
    bare = (line.partition("#")[0].partition(":") for line in text.lstrip("﻿").splitlines())
    return [(key.strip().lower(), value.strip()) for key, colon, value in bare if colon]


def _plain_path(path: str) -> str:
    return unquote(path, errors="replace")


def _fits(rule: str, path: str) -> bool:
    """Whether the rule fits the path from its start; `*` is any text, `$` at the end the end.

    Piece by piece, for a rule with many stars would take a regular expression for ever.
    """
    first, *others = rule.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for piece in others:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if not rule.endswith("$") or at == len(path):
        return True
    last = others[-1] if others else None
    return last is not None and path.endswith(last)


def _seconds(value: str) -> float:
    try:
        return min(max(float(value), 0.0), MAX_DELAY_SECONDS)
    except ValueError:
        return 0.0
