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

PHASES: dict[str, Text] = {
    "approval": Text("批准", "approval"),
    "bidding": Text("招标投标", "bidding"),
    "construction": Text("建设实施", "construction"),
    "completed": Text("竣工", "completion"),
}
"""The phases of a project (`register.models.Phase`), in their order."""

TRUST = (
    Text("没有可信的时间", "no time to be trusted"),
    Text("只有列表或响应头的时间", "a time from a list or a header alone"),
    Text("网页自称，无矛盾", "as the page claims, nothing against it"),
    Text("多处标注一致", "several marks agree"),
    Text("自见不超过一个工作日", "seen by us within a working day"),
    Text("登记与网页一致", "register and page agree"),
)
"""What each level of trust in a time of publication means, from 0 to 5."""

LIGHTS: dict[str, Text] = {
    "green": Text("绿", "green"),
    "yellow": Text("黄", "yellow"),
    "red": Text("红", "red"),
    "grey": Text("灰", "grey"),
}
"""The letter that a light bears, besides its colour and its shape."""

LIGHT_COLOURS = {"green": "#2e8b57", "yellow": "#e0a21b", "red": "#c8382d", "grey": "#aab2bd"}
"""The colour of a light where it is drawn; `report.css` names the same."""

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
    "deductions": Text("扣分制", "deductions"),
    "merit": Text("得分制", "by merit"),
    "peers": Text("组内排名", "place among peers"),
    "total": Text("合计", "total"),
}
"""The other words of the report."""

DIMENSIONS: dict[str, Text] = {
    "project": Text("项目", "project"),
    "item": Text("事项", "item"),
    "phase": Text("项目阶段", "phase of the project"),
    "region": Text("地区", "region"),
    "trust": Text("发布时间的可信度", "trust of the time of publication"),
}
"""What a report of a period is grouped by."""

GROUP_COLUMNS = ("due", "on_time", "late", "overdue", "unknown")
"""The counts that are printed of a group."""

GROUP_NAMES: dict[tuple[str, str], Text] = {
    ("project", ""): Text("不属项目", "of no project"),
    **{("phase", code): name for code, name in PHASES.items()},
    ("phase", ""): Text("不属项目", "of no project"),
    ("trust", ""): Text("未见公开", "not published"),
    **{
        ("trust", str(level)): Text(f"{level} {name.zh}", f"{level} {name.en}")
        for level, name in enumerate(TRUST)
    },
}
"""Groups whose code has a name of its own."""

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
