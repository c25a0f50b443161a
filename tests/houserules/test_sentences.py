"""Sentences for people name no fields and no headers, and have one word for one thing."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.houserules.source import SOURCE, classes, name, nodes, tracked, tree

SHOWN = [path for path in SOURCE if name(path).startswith(("services/", "shared/", "deploy/"))]
PAGES = [*SHOWN, *tracked("services/**/*.html", "services/**/*.js", "README.zh-CN.md")]
LATIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MADE_FOR_PROGRAMS = re.compile(r"`|\b[a-z]+_[a-z_]+\b|\b(?:[A-Z][a-z]+-)+[A-Z][a-z]+\b")
PLURAL = re.compile(
    r"^ (?!ms\b|is\b|was\b|has\b|does\b|stands\b|holds\b|serves\b|carries\b|ends\b)[a-z]+s\b"
)
KNOWN_TO_PEOPLE = {
    "JPEG",
    "MB",
    "PDF",
    "PNG",
    *{"JSON", "UTF", "HTTP", "http", "https", "Cookie", "kB", "true", "false", "T09", "docs"},
}
MET_BY_DEVELOPERS = {
    "UnsupportedMediaType": "a body that is not JSON",
    "InvalidTokenRequest": "OAuth's own parameters",
    "UnsupportedGrantType": "OAuth's own parameters",
    "UnauthorizedClient": "OAuth's own parameters",
    "InvalidClient": "OAuth's own parameters",
    "services/gateway/forwarding/headers.py": "what no browser sends",
    "services/gateway/forwarding/targets.py": "what no browser sends",
    "services/gateway/forwarding/forward.py": "what no browser sends",
    "shared/web/bodies.py": "a body of another media type",
}
ONE_WORD = {
    "口令": "密码",
    "遮盖": "脱敏",
    "遮蔽": "脱敏",
    "打码": "脱敏",
    "四眼": "双人复核",
    "办重": "重复办理",
    "限流": "限速",
    "迟公开": "逾期后公开",
}


def sentences(module: ast.Module, where: str) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The Chinese and the English of every `Text(…)` that people may read."""
    excused = {where} & MET_BY_DEVELOPERS.keys()
    for top in module.body:
        if excused or (isinstance(top, ast.ClassDef) and top.name in MET_BY_DEVELOPERS):
            continue
        for node in ast.walk(top):
            match node:
                case ast.Call(func=ast.Name(id="Text"), args=[zh, en]):
                    yield zh, en


def words(text: ast.expr) -> str:
    """What stands there literally; what is filled in is an ellipsis."""
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    literal = (part.value if isinstance(part, ast.Constant) else "…" for part in parts)
    return re.sub(r"\{\w+\}", "…", "".join(str(part) for part in literal))


def names_for_programs(module: ast.Module, where: str = "") -> list[str]:
    """Sentences that name what only a program knows: a field, a header, a value of the API."""
    found = []
    for zh, en in sentences(module, where):
        if re.search(r"[\u4e00-\u9fff]", words(zh)):
            foreign = set(LATIN.findall(words(zh))) - KNOWN_TO_PEOPLE
            found += [words(zh)] * bool(foreign)
        found += [words(en)] * bool(MADE_FOR_PROGRAMS.search(words(en)))
    return found


def bare_refusals(module: ast.Module) -> list[str]:
    """What a body is refused by in one language: it is shown to people as it stands there."""
    takes_bodies = any(
        alias.name == "Input" for each in nodes(module, ast.ImportFrom) for alias in each.names
    )
    found = []
    for raised in nodes(module, ast.Raise) if takes_bodies else ():
        match raised.exc:
            case ast.Call(func=ast.Name(id="ValueError"), args=[ast.Constant() | ast.JoinedStr()]):
                found.append(ast.unparse(raised))
    return found


def bare_plurals(module: ast.Module) -> list[str]:
    """Numbers in English whose noun is a plural whatever the number: `1 errors`."""
    found = []
    for _, text in sentences(module, ""):
        parts = text.values if isinstance(text, ast.JoinedStr) else []
        for number, after in zip(parts, parts[1:], strict=False):
            if isinstance(number, ast.FormattedValue) and isinstance(after, ast.Constant):
                found += [words(text)] * bool(PLURAL.match(str(after.value)))
    return found


def test_sentences_for_people_name_no_fields_and_no_headers() -> None:
    own = [path for path in SHOWN if not name(path).startswith("deploy/")]
    assert not [(name(p), said) for p in own for said in names_for_programs(tree(p), name(p))]


def test_numbers_in_english_follow_the_rule_of_plurals() -> None:
    assert not [(name(path), text) for path in SHOWN for text in bare_plurals(tree(path))]


def test_what_a_body_is_refused_by_is_said_in_both_languages() -> None:
    assert not [(name(path), text) for path in SHOWN for text in bare_refusals(tree(path))]


@pytest.mark.parametrize("other", ONE_WORD)
def test_there_is_one_word_for_one_thing(other: str) -> None:
    assert not [name(path) for path in PAGES if other in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize(
    "code",
    [
        'x = Text("请在 opens_at 之后再来", "Come back later")',
        'x = Text("请等 Retry-After 所示的秒数", "Wait")',
        'x = Text("请稍后再来", "See `opens_at`")',
        'x = Text("请稍后再来", "Send the same Idempotency-Key")',
        'class Full(Conflict):\n    advice = Text("可改选 alternatives", "Choose another")',
    ],
)
def test_a_field_in_a_sentence_is_seen(code: str) -> None:
    assert names_for_programs(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        'x = Text(f"还有 {left} 分钟", f"{left} left, see /docs")',
        'x = Text("至少 {min_length} 个字", "At least {min_length} characters")',
        'class Unauthorized(Problem):\n    advice = Text("Authorization", "Authorization")',
    ],
)
def test_other_sentences_are_let_be(code: str) -> None:
    assert not names_for_programs(ast.parse(code))


def test_a_refusal_in_one_language_is_seen() -> None:
    bodies = "from shared.web.models import Input\n"
    assert bare_refusals(ast.parse(f'{bodies}raise ValueError("late_from is above 1")'))
    assert bare_refusals(ast.parse(f'{bodies}raise ValueError(f"{{n}} is above 1")'))
    assert not bare_refusals(ast.parse(f"{bodies}raise ValueError(_TOO_MUCH)"))
    assert not bare_refusals(ast.parse('raise ValueError("no key")'))


def test_a_bare_plural_is_seen() -> None:
    assert bare_plurals(ast.parse('x = Text("", f"{n} errors")'))
    assert not bare_plurals(
        ast.parse('x = Text("", f"{code} is {state}, {counted(n, \'error\')}")')
    )


def test_no_excuse_outlives_its_reason() -> None:
    known = {cls.name for path in SHOWN for cls in classes(path)}
    assert MET_BY_DEVELOPERS.keys() <= known | {name(path) for path in SHOWN}
