"""How the tour calls verdicts."""

from shared.errors import Text

LIGHTS = {
    "on_time": Text("绿 按时", "green  on time"),
    "late": Text("红 逾期后公开", "red    late"),
    "overdue": Text("红 逾期未公开", "red    overdue"),
    "early_violation": Text("红 提前公开", "red    published before approval"),
    "due_soon": Text("黄 即将到期", "yellow due soon"),
    "incomplete": Text("黄 要素不全", "yellow incomplete"),
    "time_disputed": Text("灰 时间有矛盾", "grey   disputed time"),
    "unknown": Text("灰 日期不明", "grey   no date"),
    "unknown_source_down": Text("灰 来源故障（不算部门的错）", "grey   source down"),
    "calendar_unknown": Text("灰 次年放假通知未发", "grey   calendar unknown"),
    "pending": Text("· 未到期", "·      not yet due"),
    "withdrawn": Text("黄 已撤下", "yellow taken off the web"),
    "exempt": Text("灰 免予公开", "grey   exempt"),
    "suspended": Text("灰 中止", "grey   suspended"),
    "not_applicable": Text("灰 不适用", "grey   does not apply"),
}
"""The light of each verdict, with its word."""
