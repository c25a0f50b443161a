"""Bodies of answers, never larger than agreed: not on the wire and not once unpacked."""

import zlib
from collections.abc import AsyncIterator

from services.projects.reading.faults import Fault, SourceFault

ACCEPTED_ENCODINGS = "gzip, deflate"
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


async def read_body(chunks: AsyncIterator[bytes], *, encoding: str, limit: int) -> bytes:
    """The unpacked body. Raises SourceFault(too_large), or (unreachable) for a broken one.

    A small answer can unpack into a huge one, so unpacking stops at the limit as well.
    """
    unpack = _unpacker(encoding)
    body = bytearray()
    async for chunk in chunks:
        body += unpack.decompress(chunk, limit + 1 - len(body)) if unpack else chunk
        if len(body) > limit:
            raise SourceFault(Fault.TOO_LARGE, f"more than {limit} bytes")
    return bytes(body)


class _Unpacker:
    def __init__(self, window: int) -> None:
        self._inner = zlib.decompressobj(window)

    def decompress(self, chunk: bytes, room: int) -> bytes:
        try:
            return self._inner.decompress(chunk, room)
        except zlib.error as error:
            raise SourceFault(Fault.UNREACHABLE, "the packed body is broken") from error


def _unpacker(encoding: str) -> _Unpacker | None:
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name not in _WINDOWS:
        raise SourceFault(Fault.UNREACHABLE, f"packed as {name[:20]}, which was not asked for")
    return _Unpacker(_WINDOWS[name])
