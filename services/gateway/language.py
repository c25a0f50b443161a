"""Documents carry both languages: `中文 | English` in a line, a line `---` between paragraphs."""

import re
from collections.abc import Mapping
from inspect import cleandoc
from typing import Any

from shared.web.answers import language_wanted

LANGUAGES = ("zh", "en")
_RULE = re.compile(r"^\s*---\s*$", re.MULTILINE)
_CHINESE_BREAK = re.compile(
    "(?<=[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef])\n(?=[\u4e00-\u9fff\uff00-\uffef])"
)
_TEXTS = frozenset({"title", "summary", "description"})


def choose(wanted: str | None, accepted: str | None = None) -> str:
    """`en` when the query, or else the browser's first choice, says so; Chinese otherwise."""
    if wanted in LANGUAGES:
        return str(wanted)
    return language_wanted(accepted or "") if wanted is None else "zh"


def say(text: str, language: str) -> str:
    """The part of a bilingual text that is in this language; the whole if it has one part."""
    parts = _RULE.split(text)
    if len(parts) == 2:
        return _flowing(cleandoc(parts[language == "en"].strip()))
    return "\n".join(_line(line, language) for line in text.split("\n"))


def _flowing(text: str) -> str:
    """Without the line breaks between Chinese characters, which would be shown as spaces."""
    return _CHINESE_BREAK.sub("", text)


def _line(line: str, language: str) -> str:
    chinese, found, english = line.partition(" | ")
    if not found:
        return line
    return english.strip() if language == "en" else chinese.strip()


def paragraphs(text: str, language: str) -> str:
    """One language of an event's description: a Chinese paragraph, then an English one."""
    chinese, found, english = cleandoc(text).partition("\n\n")
    if not found:
        return say(text, language)
    return " ".join((english if language == "en" else chinese).split())


def in_language(value: Any, language: str) -> Any:
    """A copy of a document in which every title, summary and description is in one language."""
    if isinstance(value, Mapping):
        return {
            key: say(inner, language)
            if key in _TEXTS and isinstance(inner, str)
            else in_language(inner, language)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [in_language(inner, language) for inner in value]
    return value
