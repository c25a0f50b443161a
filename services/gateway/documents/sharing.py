"""What hundreds of operations answer alike stands once in the document, under components."""

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import chain, count
from typing import Any

import orjson

from services.gateway.documents import joining
from shared.errors import MEDIA_TYPE
from shared.web.references import Json

PREFIX = "#/components/responses/"
NAMED = 3
"""Of a dozen problems, those that the name of their response has."""
_KIND = "(`/problems/"


def with_shared_problems(whole: Mapping[str, Any]) -> dict[str, Any]:
    """The joined document with every refusal that several operations declare among its components.

    A response is named for its status and its problems: `409-slot-full`. Written out, the same
    eighty were two thirds of the document.
    """
    often = Counter(
        _same(response)
        for _, _, operation in joining.each_operation(whole["paths"])
        for response in operation["responses"].values()
    )
    shared, names = dict[str, Json](), dict[bytes, str]()

    def refer(status: str, response: Json) -> Json:
        same = _same(response)
        if MEDIA_TYPE not in response.get("content", {}) or often[same] == 1:
            return response
        if same not in names:
            names[same] = _free_name(status, response, shared)
            shared[names[same]] = response
        return {"$ref": PREFIX + names[same]}

    paths = {
        path: {method: _referring(operation, refer) for method, operation in item.items()}
        for path, item in whole["paths"].items()
    }
    components = {**whole["components"], "responses": dict(sorted(shared.items()))}
    return {**whole, "paths": paths, "components": components}


def responses_of(document: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Json]:
    """What an operation of such a document answers, by status, written out."""
    shared = document["components"].get("responses", {})
    return {
        status: shared[response["$ref"].removeprefix(PREFIX)] if "$ref" in response else response
        for status, response in operation["responses"].items()
    }


def _referring(operation: Json, refer: Callable[[str, Json], Json]) -> Json:
    responses = {status: refer(status, one) for status, one in operation["responses"].items()}
    return {**operation, "responses": responses}


def _same(response: Json) -> bytes:
    return orjson.dumps(response, option=orjson.OPT_SORT_KEYS)


def _free_name(status: str, response: Json, taken: Mapping[str, Json]) -> str:
    """Those of one status and the same problems may still differ in their headers."""
    lines = response["description"].split("\n")
    kinds = [line.partition(_KIND)[2].rstrip("`)") for line in lines if _KIND in line]
    first = "-".join([status, *kinds[:NAMED], *(["and-others"] if kinds[NAMED:] else [])])
    later = (f"{first}-{number}" for number in count(2))
    return next(name for name in chain([first], later) if name not in taken)
