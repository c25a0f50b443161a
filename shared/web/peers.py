"""The workers of one service know one another: any of them answers for all.

Each answers the others on a socket in a folder that only this service's account may enter, because
whom the port's socket hands a request to nobody can choose.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from shared.settings import Settings

ASK_SECONDS = 2.0

Answers = Mapping[bytes, Callable[[], Awaitable[bytes]]]
"""What a worker can be asked, each question a word."""


class Peers:
    """The other workers, by their places. None where there is one process, and so no folder."""

    def __init__(self, folder: Path | None, place: int, count: int) -> None:
        self._folder, self.place, self.count = folder, place, count

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.workers_dir, settings.worker, settings.workers)

    async def answer(self, answers: Answers) -> None:
        """Answers them until cancelled."""
        if self._folder is None:
            return

        async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError, TimeoutError, ValueError):
                async with asyncio.timeout(ASK_SECONDS):
                    known = answers.get((await reader.readline()).strip())
                    writer.write(b"" if known is None else await known())
                    await writer.drain()
            writer.close()

        own = self._at(self._folder, self.place)
        own.unlink(missing_ok=True)  # of the one before at this place, which was killed
        server = await asyncio.start_unix_server(asked, own)
        async with server:
            await server.serve_forever()

    async def ask(self, question: bytes) -> dict[int, bytes]:
        """What each of the others answers; who is just being started again is left out."""
        if self._folder is None:
            return {}
        others = [place for place in range(self.count) if place != self.place]
        found = await asyncio.gather(
            *(self._ask(self._at(self._folder, place), question) for place in others)
        )
        return {place: each for place, each in zip(others, found, strict=True) if each is not None}

    async def _ask(self, path: Path, question: bytes) -> bytes | None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                reader, writer = await asyncio.open_unix_connection(path)
                try:
                    writer.write(question + b"\n")
                    return await reader.read()
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return None

    def _at(self, folder: Path, place: int) -> Path:
        return folder / f"{place}.sock"
