"""Says in both languages what is wrong with a field, from pydantic's own error types."""

from collections.abc import Mapping
from typing import Any

from shared.errors import Text

_BY_TYPE: dict[str, Text] = {
    "missing": Text("这一项必须填写", "This field is required"),
    "extra_forbidden": Text("没有这个字段，请去掉", "There is no such field; please remove it"),
    "string_type": Text("应为文字", "Must be text"),
    "string_too_short": Text("至少 {min_length} 个字", "At least {min_length} characters"),
    "string_too_long": Text("最多 {max_length} 个字", "At most {max_length} characters"),
    "string_pattern_mismatch": Text(
        "格式不对，请对照接口文档中的样例",
        "The format is wrong; please compare the example at /docs",
    ),
    "string_unicode": Text("含有无法识别的字符", "Contains characters that cannot be read"),
    "int_type": Text("应为整数", "Must be a whole number"),
    "int_parsing": Text("应为整数", "Must be a whole number"),
    "int_from_float": Text("应为整数", "Must be a whole number"),
    "int_parsing_size": Text("数字太大", "The number is too large"),
    "float_type": Text("应为数字", "Must be a number"),
    "float_parsing": Text("应为数字", "Must be a number"),
    "bool_type": Text("应为 true 或 false", "Must be true or false"),
    "bool_parsing": Text("应为 true 或 false", "Must be true or false"),
    "uuid_parsing": Text("编号格式不对", "Not a valid identifier"),
    "uuid_type": Text("编号格式不对", "Not a valid identifier"),
    "enum": Text("只能是：{expected}", "Must be one of: {expected}"),
    "literal_error": Text("只能是：{expected}", "Must be one of: {expected}"),
    "list_type": Text("应为列表", "Must be a list"),
    "dict_type": Text("应为对象", "Must be an object"),
    "model_type": Text("应为对象", "Must be an object"),
    "model_attributes_type": Text("应为对象", "Must be an object"),
    "too_short": Text("至少要有 {min_length} 项", "At least {min_length} items"),
    "too_long": Text("最多 {max_length} 项", "At most {max_length} items"),
    "greater_than": Text("应大于 {gt}", "Must be greater than {gt}"),
    "greater_than_equal": Text("不能小于 {ge}", "Must be at least {ge}"),
    "less_than": Text("应小于 {lt}", "Must be less than {lt}"),
    "less_than_equal": Text("不能大于 {le}", "Must be at most {le}"),
    "timezone_aware": Text(
        "时间要带时区，例如 2026-11-23T09:30:00+08:00",
        "Must carry an offset, e.g. 2026-11-23T09:30:00+08:00",
    ),
    "value_error": Text("{error}", "{error}"),
    "json_type": Text("应为 JSON", "Must be JSON"),
}
_NOT_VALID = Text("内容不正确", "Not valid")
_BY_PREFIX: dict[str, Text] = {
    "date": Text("日期无效，应如 2026-11-23", "Not a valid date; use 2026-11-23"),
    "datetime": Text(
        "时间无效，应如 2026-11-23T09:30:00+08:00",
        "Not a valid time; use 2026-11-23T09:30:00+08:00",
    ),
    "time": Text("时间无效，应如 09:30", "Not a valid time; use 09:30"),
    "union": Text("内容不在允许的范围内", "Not one of the allowed values"),
}


def message_for(error: Mapping[str, Any]) -> Text:
    """What to tell the caller about one of pydantic's errors; never repeats the input."""
    kind = str(error["type"])
    text = _BY_TYPE.get(kind) or _BY_PREFIX.get(kind.split("_")[0])
    if text is None:
        return _NOT_VALID
    context = error.get("ctx") or {}
    if kind in ("too_short", "too_long") and isinstance(error.get("input"), str):
        text = _BY_TYPE[f"string_{kind}"]
    cause = context.get("error")
    if isinstance(cause, ValueError) and cause.args and isinstance(cause.args[0], Text):
        return cause.args[0]
    if kind == "value_error" and not isinstance(cause, ValueError):
        return _NOT_VALID
    listed = str(context.get("expected", "")).replace(" or ", "、").replace(", ", "、")
    chinese = {**context, "expected": listed}
    return Text(text.zh.format_map(_Known(chinese)), text.en.format_map(_Known(context)))


class _Known(dict[str, Any]):
    """A context in which an unknown placeholder reads as an ellipsis."""

    def __missing__(self, key: str) -> str:
        return "…"
