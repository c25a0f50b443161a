"""What the printed pages of a report call things, in both languages."""

from shared.errors import Text

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

LIGHTS: dict[str, Text] = {
    "green": Text("绿", "green"),
    "yellow": Text("黄", "yellow"),
    "red": Text("红", "red"),
    "grey": Text("灰", "grey"),
}
"""The letter that a light bears, besides its colour and its shape."""

VERDICT_NAMES: dict[str, Text] = {
    "not_applicable": Text("不适用", "not applicable"),
    "exempt": Text("豁免", "exempt"),
    "suspended": Text("中止", "suspended"),
    "pending": Text("未到期", "pending"),
    "due_soon": Text("即将到期", "due soon"),
    "on_time": Text("按时", "on time"),
    "late": Text("逾期后公开", "late"),
    "early_violation": Text("提前公开", "published too early"),
    "overdue": Text("逾期未公开", "overdue"),
    "unknown_source_down": Text("来源无法访问", "source down"),
    "unknown": Text("不明", "unknown"),
    "calendar_unknown": Text("日历未定", "calendar unknown"),
    "time_disputed": Text("时间存疑", "time disputed"),
    "incomplete": Text("要素不全", "incomplete"),
    "withdrawn": Text("已撤下", "withdrawn"),
}

WORDS: dict[str, Text] = {
    "in_time": Text("按时率", "rate on time"),
    "coverage": Text("覆盖率", "coverage"),
    "overdue": Text("逾期未公开", "overdue"),
    "late": Text("逾期后公开", "late"),
    "chart": Text("各公开主体已到期义务", "duties that fell due, by unit"),
    "figures": Text("分项与排名", "figures and ranking"),
    "worst": Text("逾期最久的事项", "what is over for longest"),
    "compared": Text("与上一份报表相比", "compared with the report before"),
    "rank": Text("排名", "rank"),
    "light": Text("灯", "light"),
    "unit": Text("公开主体", "unit"),
    "rate": Text("按时率", "rate"),
    "score": Text("得分", "score"),
    "total": Text("合计", "total"),
}
"""The other words of the report."""

WORST_COLUMNS = (
    Text("由谁办理", "who must act"),
    Text("项目与事项", "project and item"),
    Text("届满日", "due"),
    Text("已逾期", "over by"),
)
COMPARED_COLUMNS = (
    Text("指标", "figure"),
    Text("上一份", "before"),
    Text("这一份", "now"),
    Text("变化", "change"),
)

ROW_COLUMNS = (
    Text("公开主体", "unit"),
    Text("项目与事项", "project and item"),
    Text("形成日期", "formed on"),
    Text("届满日", "due"),
    Text("发布", "published"),
    Text("结论与理由", "verdict and reason"),
    Text("网页与存证", "page and evidence"),
)
"""The headings of the page of the duties behind a figure."""
