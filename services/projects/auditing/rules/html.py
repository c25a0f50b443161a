"""What every printed page shares: style, title, headings, and both languages side by side."""

from html import escape
from pathlib import Path

from shared.errors import Text

CSS = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")

TITLE = Text("信息公开监察报表", "Disclosure monitoring report")

HEADINGS: dict[str, Text] = {
    "due": Text("应公开", "due"),
    "on_time": Text("按时公开", "on time"),
    "late": Text("逾期后公开", "late"),
    "overdue": Text("逾期未公开", "overdue"),
    "early": Text("提前公开", "too early"),
    "incomplete": Text("要素不全", "incomplete"),
    "withdrawn": Text("已撤下", "withdrawn"),
    "unknown": Text("不明", "unknown"),
    "due_soon": Text("即将到期", "due soon"),
    "pending": Text("未到期", "not yet due"),
    "outside": Text("不计入", "outside"),
}


def document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{CSS}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def both(said: Text) -> str:
    return f'{escape(said.zh)} <span class="en">{escape(said.en)}</span>'
