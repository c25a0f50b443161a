"""What an operation depends on, in the order in which FastAPI asks for it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import SecurityScopes

from shared.observability.library_internals import FUNCTION_STACK
from shared.web.solving.internals import (
    Dependant,
    ModelField,
    Undefined,
    aliases_of,
    cache_key,
    field_annotation_is_sequence,
    get_dependant,
    is_async_generator,
    is_coroutine,
    is_generator,
    is_json_text,
    model_of,
    request_body_to_args,
    request_params_to_args,
    scopes_of,
)

Overrides = Mapping[Callable[..., Any], Callable[..., Any]]

_NOTHING = object()


class _Parameter(NamedTuple):
    """A field of path, query, headers or cookies. `is_plain`: it has one name and one value."""

    field: ModelField
    name: str
    alias: str
    location: tuple[str, str]
    is_plain: bool
    default: Any
    """`_NOTHING` where a default has to be made, or there is none."""


@dataclass
class _Step:
    """One call: what it is given, from the request and from the steps before it."""

    call: Callable[..., Any]
    kind: str
    """`coroutine`, `generator` (whose end is the end of the transaction), `class`, or `plain`: a
    function that may wait, for which FastAPI takes a thread. It takes one for a class as well, that
    only holds what it is given: the thread would cost more than the request."""
    uses: list[tuple[str, int]] = field(default_factory=list)
    needs: list[int] = field(default_factory=list)
    sources: list[tuple[str, list[_Parameter]]] = field(default_factory=list)
    fixed: dict[str, Any] = field(default_factory=dict)
    request_name: str | None = None
    response_name: str | None = None
    known_as: Any = None
    """The key under which the result is kept for others."""
    may_reuse: bool = False
    is_late: bool = False


class Shortcuts(NamedTuple):
    """What is known of this house's dependencies, and FastAPI cannot know."""

    skipped: frozenset[Any] = frozenset()
    """Those that stand in the documents only, so that nobody reads what they return."""
    late: frozenset[Any] = frozenset()
    """Those that refuse nobody, so that they need not be made for whom others refuse."""


class Solved(NamedTuple):
    values: dict[str, Any]
    errors: list[Any]
    response: Response | None


class Unplanned(Exception):
    """Something that only FastAPI itself knows how to do."""


class Plan:
    """The calls of an operation in the order in which FastAPI makes them."""

    def __init__(self, root: Dependant, how: Shortcuts, overrides: Overrides) -> None:
        self._how, self._overrides = how, overrides
        self._same: dict[Any, int] = {}
        self.steps: list[_Step] = []
        self.end = self._step(root, root)
        self.body = root.body_params[0] if root.body_params else None
        self.injects = any(step.response_name for step in [*self.steps, self.end])
        self._early, self._late = self._ordered()

    def _step(self, own: Dependant, used: Dependant) -> _Step:
        """What has to be done before `used` is called in the place of `own`; its own step last."""
        step = _Step(*_call_of(own, used))
        for sub in used.dependencies:
            if sub.call in self._how.skipped:
                if sub.name is not None:
                    step.fixed[sub.name] = None
                continue
            index = self._added(sub)
            step.needs.append(index)
            if sub.name is not None:
                step.uses.append((sub.name, index))
        step.sources = _sources(used)
        if used.security_scopes_param_name:
            scopes = SecurityScopes(scopes=scopes_of(dependant=used))
            step.fixed[used.security_scopes_param_name] = scopes
        step.request_name, step.response_name = used.request_param_name, used.response_param_name
        return step

    def _added(self, sub: Dependant) -> int:
        used, key = self._used(sub), cache_key(dependant=sub)
        is_shared = sub.use_cache and not _asks_request(used)
        if is_shared and key in self._same:
            return self._same[key]  # nothing of it could come out otherwise the second time
        step = self._step(sub, used)
        step.known_as, step.may_reuse = key, sub.use_cache
        step.is_late = sub.call in self._how.late
        self.steps.append(step)
        if is_shared:
            self._same[key] = len(self.steps) - 1
        return len(self.steps) - 1

    def _used(self, sub: Dependant) -> Dependant:
        """The dependency, or what a test puts in its place."""
        if sub.call not in self._overrides or sub.call is None:
            return sub
        return get_dependant(
            path=sub.path or "",
            call=self._overrides[sub.call],
            name=sub.name,
            parent_oauth_scopes=scopes_of(dependant=sub),
            scope=sub.scope,
        )

    def _ordered(self) -> tuple[list[int], list[int]]:
        """The steps, and those to take last: what is late, and what needs it."""
        late: set[int] = set()
        for index, step in enumerate(self.steps):
            if step.is_late or late.intersection(step.needs):
                late.add(index)
        if any(self.steps[index].sources for index in late):
            late = set()  # what is wrong is named in the order in which FastAPI finds it
        places = range(len(self.steps))
        return [n for n in places if n not in late], [n for n in places if n in late]

    async def solve(self, request: Request, body: Any) -> Solved:
        """What the operation's function is called with, or what is wrong with the request."""
        done: list[Any] = [_NOTHING] * len(self.steps)
        known: dict[Any, Any] = {}
        errors: list[Any] = []
        response = _blank() if self.injects else None
        for index in self._early:
            await self._take_step(index, request, response, done, known, errors)
        for index in self._late if not errors else ():
            await self._take_step(index, request, response, done, known, errors)
        values = _arguments(self.end, request, response, done, errors) or {}
        if self.body is not None:
            taken, wrong = await self._body(self.body, body)
            values.update(taken)
            errors.extend(wrong)
        return Solved(values, errors, response)

    async def _take_step(
        self,
        index: int,
        request: Request,
        response: Response | None,
        done: list[Any],
        known: dict[Any, Any],
        errors: list[Any],
    ) -> None:
        step = self.steps[index]
        values = _arguments(step, request, response, done, errors)
        if values is None:
            return
        if step.may_reuse and step.known_as in known:
            done[index] = known[step.known_as]
            return
        if step.kind == "coroutine":
            result = await step.call(**values)
        elif step.kind == "class":
            result = step.call(**values)
        else:
            result = await _called(step, request, values)
        done[index] = result
        known.setdefault(step.known_as, result)

    async def _body(self, one: ModelField, body: Any) -> tuple[dict[str, Any], list[Any]]:
        if body is Undefined:
            return await request_body_to_args([one], body, embed_body_fields=False)
        value, wrong = one.validate(body, {}, loc=("body",))
        return {one.name: value}, wrong


def _blank() -> Response:
    response = Response()
    del response.headers["content-length"]
    response.status_code = None  # type: ignore[assignment]
    return response


def _call_of(own: Dependant, used: Dependant) -> tuple[Callable[..., Any], str]:
    """What is called in the place of `own`, and of which kind it is."""
    outside = used.http_connection_param_name or used.background_tasks_param_name
    is_foreign = outside or used.websocket_param_name or own.concurrency is not None
    if is_foreign or used.call is None or is_generator(used.call):
        raise Unplanned
    if isinstance(used.call, type):
        return used.call, "class"
    if not is_async_generator(used.call):
        return used.call, "coroutine" if is_coroutine(used.call) else "plain"
    if own.scope != "function":
        raise Unplanned
    return asynccontextmanager(used.call), "generator"


def _asks_request(dependant: Dependant) -> bool:
    """Whether it or what it depends on reads something that may be wrong."""
    own = (dependant.path_params, dependant.query_params, dependant.header_params)
    return any([*own, dependant.cookie_params]) or any(map(_asks_request, dependant.dependencies))


def _sources(dependant: Dependant) -> list[tuple[str, list[_Parameter]]]:
    asked = (
        ("path_params", dependant.path_params),
        ("query_params", dependant.query_params),
        ("headers", dependant.header_params),
        ("cookies", dependant.cookie_params),
    )
    return [(where, [_parameter(one) for one in fields]) for where, fields in asked if fields]


def _parameter(one: ModelField) -> _Parameter:
    info: Any = one.field_info
    (alias, *more) = [asked for _, asked in aliases_of(one)]
    is_model, is_several = model_of(one), field_annotation_is_sequence(info.annotation)
    is_plain = not (more or is_model or is_several or is_json_text(one))
    has_constant = not (info.is_required() or info.validate_default or info.default_factory)
    is_constant = has_constant and isinstance(info.default, type(None) | bool | int | float | str)
    default = info.default if is_constant else _NOTHING
    return _Parameter(one, one.name, alias, (info.in_.value, alias), is_plain, default)


def _arguments(
    step: _Step,
    request: Request,
    response: Response | None,
    done: Sequence[Any],
    errors: list[Any],
) -> dict[str, Any] | None:
    """What the step is called with; None where something is wrong, which stands in `errors`."""
    is_good, values = True, step.fixed.copy()
    for name, index in step.uses:
        values[name] = done[index]
    for index in step.needs:
        is_good = is_good and done[index] is not _NOTHING
    for where, parameters in step.sources:
        received = getattr(request, where)
        for one in parameters:
            wrong = _take(one, received, values)
            if wrong:
                errors.extend(wrong)
                is_good = False
    if step.request_name is not None:
        values[step.request_name] = request
    if step.response_name is not None:
        values[step.response_name] = response
    return values if is_good else None


def _take(one: _Parameter, received: Any, values: dict[str, Any]) -> list[Any]:
    """Puts the parameter among the values. Returns what is wrong with it."""
    if one.is_plain:
        given = received.get(one.alias)
        if given is not None:
            values[one.name], wrong = one.field.validate(given, {}, loc=one.location)
            return wrong
        if one.default is not _NOTHING:
            values[one.name] = one.default
            return []
    taken, wrong = request_params_to_args([one.field], received)
    values.update(taken)
    return wrong


async def _called(step: _Step, request: Request, values: dict[str, Any]) -> Any:
    if step.kind == "plain":
        return await run_in_threadpool(step.call, **values)
    stack: AsyncExitStack = request.scope[FUNCTION_STACK]
    return await stack.enter_async_context(step.call(**values))
