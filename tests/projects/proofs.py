"""Proofs as anybody checks them, with nothing of the service: of a capture by the hashing of
RFC 6962, of a verdict by the program that is handed over by itself."""

import hashlib
import json
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import httpx

from deploy import check_proof

Files = dict[str, bytes]


def unpacked(body: bytes) -> Files:
    with ZipFile(BytesIO(body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def proof_of(
    client: httpx.AsyncClient, duty: str, headers: dict[str, str] | None = None
) -> Files:
    """The files of a duty's proof."""
    answer = await client.get(f"/api/v1/duties/{duty}/proof.zip", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return unpacked(answer.content)


def said(files: Files, roots: dict[str, str] | None = None) -> list[str]:
    """What the program finds in a proof."""
    return [f"{fault.where}: {fault.en}" for fault in check_proof.check(files, roots or {})]


def forged(files: Files, edit: Callable[[dict[str, Any]], None], name: str) -> Files:
    """The proof with a file edited, and a manifest that knows of it."""
    where = next(each for each in files if each.endswith(name))
    content = json.loads(files[where])
    edit(content)
    changed = {**files, where: json.dumps(content).encode()}
    manifest = json.loads(files["manifest.json"])
    manifest["files"][where] = hashlib.sha256(changed[where]).hexdigest()
    return {**changed, "manifest.json": json.dumps(manifest).encode()}


def root_from(value: str, steps: Iterable[tuple[str, str]]) -> str:
    """The root that a hash leads to by the neighbours (side, hash) of its proof."""
    node = hashlib.sha256(b"\x00" + bytes.fromhex(value))
    for side, neighbour in steps:
        other = bytes.fromhex(neighbour)
        pair = other + node.digest() if side == "left" else node.digest() + other
        node = hashlib.sha256(b"\x01" + pair)
    return node.hexdigest()
