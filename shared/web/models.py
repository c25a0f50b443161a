"""What people and programs send and are given, where it crosses the edge of a service.

`Input` is the base of everything that comes in a body: taken as it is written, never guessed into
another type. A field that the model does not have is refused, and so is a value of another JSON
type: `true` is not 1, `"5"` is not 5, and a number or a string of digits is no date (pydantic would
read both as seconds since 1970). Dates and times are of years around which one can reckon. `View`
is the base of what goes out: its times are told in Asia/Shanghai, whatever they are inside.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    computed_field,
)
from pydantic_core import (
    CoreSchema,
    InitErrorDetails,
    PydanticCustomError,
    PydanticKnownError,
    core_schema,
)

from shared.clock import SHANGHAI
from shared.errors import Text
from shared.web import former_names

P = TypeVar("P", bound=Callable[..., Any])

_WRITTEN = {
    "date": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "datetime": re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*", re.DOTALL),
    "time": re.compile(r"\d{2}:\d{2}.*", re.DOTALL),
}
_YEARS = range(1900, 3000)
"""At the ends of the calendar no day can be added, and no other time zone told."""
_OUT_OF_TIME = Text("日期应在 1900 年至 2999 年之间", "Dates lie between the years 1900 and 2999")
_ITS_OWN_TYPE = frozenset({"int", "float", "bool"})
_NAMING = re.compile(r"(?:^|_)(?:name|title|aliases|account|clerk|basis)(?:_|$)")
_UNSEEN = re.compile(
    r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
"""Direction marks turn a name round on the screen, zero-width characters make two that look alike
(Unicode TR 36, sections 2.5 and 2.10)."""
_UNSEEN_TEXT = Text(
    "名称和标题中不能有看不见的字符（方向标记、零宽字符），请重新输入",
    "Names and titles hold no invisible characters (direction marks, zero width); please retype it",
)
_NOT_SCHEMA = frozenset({"metadata", "serialization", "default"})


def _as_written(kind: str) -> Callable[[Any], Any]:
    """Refuses what is not written as RFC 3339 writes a `kind`; values that code makes pass."""
    pattern = _WRITTEN[kind]

    def check(value: Any) -> Any:
        if isinstance(value, int | float) or (
            isinstance(value, str) and not pattern.fullmatch(value)
        ):
            raise PydanticKnownError(
                f"{kind}_parsing",  # type: ignore[arg-type]
                {"error": "not as RFC 3339 writes it"},
            )
        return value

    return check


FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
"""Those of our time."""
Day = Annotated[
    date,
    Field(ge=FIRST_DAY, le=LAST_DAY),
    BeforeValidator(_as_written("date")),
]
"""A date in an address (`?from=2026-11-23`), as strict as one in a body; of our time, so that the
days around it exist."""


def _rewritten(schema: Any, change: Callable[[dict[str, Any]], Any]) -> Any:
    """The same schema, with `change` made to every part of it."""
    if isinstance(schema, list | tuple):
        return type(schema)(_rewritten(part, change) for part in schema)
    if not isinstance(schema, dict):
        return schema
    parts = {k: v if k in _NOT_SCHEMA else _rewritten(v, change) for k, v in schema.items()}
    return change(parts)


def _exact(part: dict[str, Any]) -> Any:
    """Numbers and truth values of their own JSON type only, times only as they are written."""
    kind = part.get("type")
    if not isinstance(kind, str):
        return part  # the fields of a model, one of which is named `type`
    if kind in _ITS_OWN_TYPE:
        return {**part, "strict": True}
    if kind not in _WRITTEN:
        return part
    written = core_schema.no_info_before_validator_function(_as_written(kind), part)
    if kind == "time":
        return written
    return core_schema.no_info_after_validator_function(_ensure_reckonable, written)


def _ensure_reckonable(value: Any) -> Any:
    if value.year not in _YEARS:
        raise ValueError(_OUT_OF_TIME)
    return value


def _at_home(part: dict[str, Any]) -> Any:
    """Moments as the clocks of the country show them."""
    if part.get("type") != "datetime" or "serialization" in part:
        return part
    shown = core_schema.plain_serializer_function_ser_schema(
        _in_shanghai, return_schema=core_schema.datetime_schema(), when_used="json"
    )
    return {**part, "serialization": shown}


def _in_shanghai(moment: datetime) -> datetime:
    return moment.astimezone(SHANGHAI)


def _without_marks(part: dict[str, Any]) -> Any:
    """Names and titles without characters that nobody sees."""
    if part.get("type") != "model-fields":
        return part
    fields = {
        name: {**field, "schema": _visible(field["schema"])} if _NAMING.search(name) else field
        for name, field in part["fields"].items()
    }
    return {**part, "fields": fields}


def _visible(schema: Any) -> Any:
    """Inside a default, which would otherwise be checked as if it had been sent."""
    if schema["type"] == "default":
        return {**schema, "schema": _visible(schema["schema"])}
    return core_schema.no_info_after_validator_function(_ensure_visible, schema)


def _ensure_visible(value: Any) -> Any:
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, str) and _UNSEEN.search(part) for part in parts):
        raise ValueError(_UNSEEN_TEXT)
    return value


Shown = Annotated[str, AfterValidator(_ensure_visible)]
"""A text that is put up for everybody, by another name than those of names."""


class Input(BaseModel):
    """The base of every model that is read from a request's body; see the module's docstring."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        exact: CoreSchema = _rewritten(_rewritten(handler(source), _exact), _without_marks)
        former = {old: new for new, old in cls._renamed_fields()}
        if not former:
            return exact
        named: CoreSchema = _rewritten(
            exact, lambda part: _each_named_once(cls, former, part) if _is(cls, part) else part
        )
        return named

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> dict[str, Any]:
        shown: dict[str, Any] = handler(schema)
        fields = handler.resolve_ref_schema(shown).get("properties", {})
        fields.update({old: _formerly(new, fields[new]) for new, old in cls._renamed_fields()})
        return shown

    @classmethod
    def _renamed_fields(cls) -> Iterator[tuple[str, str]]:
        """The present and the old name of each field that has an old one."""
        for field in cls.model_fields.values():
            if isinstance(field.validation_alias, AliasChoices):
                new, *former = (str(name) for name in field.validation_alias.choices)
                yield from ((new, old) for old in former)


class Prose(Input):
    """Input with words that people write: blanks around a text are no part of it."""

    model_config = ConfigDict(str_strip_whitespace=True)


def named(name: str, *, formerly: str) -> AliasChoices:
    """The `validation_alias` of a field of a body that is still taken by its old name.

    Bodies that give both are refused; the schema shows the old name as deprecated.
    """
    return AliasChoices(name, formerly)


def _formerly(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in schema.items() if k not in ("title", "examples")}
    return {**kept, "description": former_names.description(name), "deprecated": True}


def _is(model: type[BaseModel], part: dict[str, Any]) -> bool:
    return part.get("type") == "model" and part["cls"] is model


def _each_named_once(
    model: type[BaseModel], former: dict[str, str], part: dict[str, Any]
) -> dict[str, Any]:
    """Says of an old name beside the new one what it is: not that there is no such field."""

    def check(given: Any) -> Any:
        names = given if isinstance(given, dict) else ()
        both = [old for old, new in former.items() if old in names and new in names]
        if both:
            raise ValidationError.from_exception_data(
                model.__name__, [_named_twice(old, given[old]) for old in both]
            )
        return given

    inner = core_schema.no_info_before_validator_function(check, part["schema"])
    return {**part, "schema": inner}


def _named_twice(old: str, value: Any) -> InitErrorDetails:
    said = {"error": ValueError(former_names.BOTH)}
    kind = PydanticCustomError("value_error", "named twice", said)
    return InitErrorDetails(type=kind, loc=(old,), input=value)


def old_name_of(field: str, *, written: str | None = None) -> Callable[[P], P]:
    """Decorates the method by whose name an answer still gives `field`, too; deprecated.

    `written` is that name where a method cannot have it (`from`).
    """
    return computed_field(
        alias=written,
        description=f"与 {field} 相同 | The same as `{field}`.",
        json_schema_extra={"deprecated": True},
    )


class View(BaseModel):
    """The base of every model that is given as an answer; see the module's docstring."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        shown: CoreSchema = _rewritten(handler(source), _at_home)
        return shown


class Words(View):
    """What people read, in both languages."""

    zh: str
    en: str

    @classmethod
    def of(cls, text: Text) -> "Words":
        return cls(zh=text.zh, en=text.en)
