"""Request targets that a door lets through: what is written must mean the same to everybody."""

import re
from urllib.parse import unquote_to_bytes

from shared.errors import Text

TARGET_LIMIT = 8 * 1024

_PLAIN_PATH = re.compile(rb"^/[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*\Z")
_PLAIN_QUERY = re.compile(rb"^[A-Za-z0-9\-._~!$&'()*+,;=:@/?%\[\]|{}^\"<>`\\]*\Z")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_HIDDEN = re.compile(rb"%(?:2[fF]|5[cC]|0[0-9A-Fa-f]|1[0-9A-Fa-f]|7[fF])")


def fault(raw_path: bytes, query: bytes) -> Text | None:
    """Why this target is refused, or None.

    Refused are dot segments, empty segments, hidden slashes, control characters and bytes that
    are not UTF-8: services, logs and access rules would each read them in another way.
    """
    if len(raw_path) + len(query) > TARGET_LIMIT:
        return Text("地址太长", "the address is too long")
    return _path_fault(raw_path) or (_query_fault(query) if query else None)


def _path_fault(raw_path: bytes) -> Text | None:
    if not _PLAIN_PATH.match(raw_path) or b"//" in raw_path:
        return Text("路径中有必须转义的字符", "the path holds characters that need escaping")
    if b"%" in raw_path:
        if _BAD_ESCAPE.search(raw_path) or _HIDDEN.search(raw_path):
            return Text("路径中藏有斜杠或控制字符", "the path hides a slash or a control character")
        if not _is_text(raw_path):
            return Text("路径不是 UTF-8 编码", "the path is not UTF-8")
    if b"." in raw_path or b"%2" in raw_path:
        segments = unquote_to_bytes(raw_path).split(b"/")
        if b"." in segments or b".." in segments:
            return Text("路径中有“.”或“..”段", "the path holds a dot segment")
    return None


def _query_fault(query: bytes) -> Text | None:
    if not _PLAIN_QUERY.match(query):
        return Text("查询参数中有必须转义的字符", "the query holds characters that need escaping")
    if b"%" in query and (_BAD_ESCAPE.search(query) or b"%00" in query):
        return Text("查询参数中有不完整的转义或空字符", "the query holds a broken escape or a NUL")
    if b"%" in query and not _is_text(query):
        return Text("查询参数不是 UTF-8 编码", "the query is not UTF-8")
    return None


def _is_text(escaped: bytes) -> bool:
    try:
        unquote_to_bytes(escaped).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
