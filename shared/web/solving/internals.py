"""FastAPI's inner names that plans of operations lean on; no other file does.

`tests/shared/test_solving.py` holds digests of the functions that are done again here.
"""

from typing import Any

from fastapi._compat import ModelField, Undefined, field_annotation_is_sequence
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.models import _get_cache_key as cache_key
from fastapi.dependencies.models import _get_oauth_scopes as scopes_of
from fastapi.dependencies.models import _is_async_gen_callable as is_async_generator
from fastapi.dependencies.models import _is_coroutine_callable as is_coroutine
from fastapi.dependencies.models import _is_gen_callable as is_generator
from fastapi.dependencies.utils import _get_param_aliases as aliases_of
from fastapi.dependencies.utils import _get_param_model as model_of
from fastapi.dependencies.utils import _is_json_field as is_json_text
from fastapi.dependencies.utils import (
    get_dependant,
    request_body_to_args,
    request_params_to_args,
)
from fastapi.routing import RouteContext, serialize_response

__all__ = [
    "Dependant",
    "ModelField",
    "RouteContext",
    "Undefined",
    "aliases_of",
    "cache_key",
    "embeds_body",
    "field_annotation_is_sequence",
    "get_dependant",
    "is_async_generator",
    "is_coroutine",
    "is_generator",
    "is_json_text",
    "model_of",
    "request_body_to_args",
    "request_params_to_args",
    "scopes_of",
    "serialize_response",
]


def embeds_body(route: RouteContext) -> Any:
    """Whether the fields of the body are those of several parameters."""
    return route._embed_body_fields
