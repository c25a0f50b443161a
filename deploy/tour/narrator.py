"""How the tour speaks: chapters, steps and results, in the visitor's language."""

import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.errors import Text, counted

_BOLD, _DIM, _GREEN, _OFF = "\033[1m", "\033[2m", "\033[32m", "\033[0m"


def language(environment: Mapping[str, str] = os.environ) -> str:
    """English where the locale is an English one (`en`, `en_US.UTF-8`), else Chinese.

    The first of POSIX's variables that names a language decides; C and POSIX name none.
    """
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        tongue = re.split("[._@-]", environment.get(name, ""))[0].lower()
        if tongue not in ("", "c", "posix"):
            return "en" if tongue == "en" else "zh"
    return "zh"


@dataclass
class Narrator:
    """Prints as the tour goes; `steps` counts what was told."""

    tongue: str = field(default_factory=language)
    steps: int = 0
    started: float = field(default_factory=time.monotonic)

    def chapter(self, title: Text) -> None:
        self._print(f"\n{self._styled(_BOLD, f'━━ {title.say(self.tongue)} ━━')}")

    def step(self, text: Text, result: Text | None = None) -> None:
        """One thing somebody did, and what came of it."""
        self.steps += 1
        self._print(f"{self.steps:>3}. {text.say(self.tongue)}")
        if result is not None:
            self.result(result)

    def result(self, text: Text) -> None:
        for line in text.say(self.tongue).splitlines():
            self._print(f"     {self._styled(_GREEN, '→')} {line}")

    def event(self, kind: str, seconds: float) -> None:
        """A fact that crossed from one service to another."""
        words = Text(
            f"事件 {kind} 已送达（{seconds * 1000:.0f} 毫秒）",
            f"event {kind} arrived ({seconds * 1000:.0f} ms)",
        )
        self._print(f"     {self._styled(_DIM, '⇢ ' + words.say(self.tongue))}")

    def end(self) -> None:
        seconds = time.monotonic() - self.started
        words = Text(
            f"全程 {self.steps} 步，用时 {seconds:.1f} 秒。每一步都可以在 /docs 里自己再做一遍。",
            f"{counted(self.steps, 'step')} in {seconds:.1f} s. "
            "Each can be done again by hand at /docs.",
        )
        self._print(f"\n{self._styled(_BOLD, words.say(self.tongue))}")

    def _styled(self, style: str, words: str) -> str:
        return f"{style}{words}{_OFF}" if sys.stdout.isatty() else words

    def _print(self, line: str) -> None:
        print(line, flush=True)
