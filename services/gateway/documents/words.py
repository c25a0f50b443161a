"""What the joined documents say about themselves, in both languages."""

from typing import Any

OPENAPI_INFO: dict[str, Any] = {
    "title": "一扇门 OneDoor API",
    "version": "0.1.0",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "contact": {"name": "一扇门 OneDoor"},
    "description": """\
政务服务大厅、政务公开监察、群众来信与评价，同一个入口。

**怎么登录**：点右侧 **登录（Authorize）**，用账号和密码登录
（本机演示账号用 `make accounts` 查看）。
访问令牌 10 分钟有效，程序可用刷新令牌续期；其他系统用 `client_credentials`。

**怎么读错误**：所有错误都是 RFC 9457 问题文档（`application/problem+json`），`type` 不变，
`title` 和 `detail` 随 `Accept-Language`，`errors` 指出是哪个字段。
全部类型见 [/problems](/problems)。

**怎么安全重试**：写操作带上 `Idempotency-Key`，同一个键一天内只生效一次
（未登录的，限同一网络）。列表用 `next_cursor` 翻页。

**怎么收事件**：见 [/events](/events)。
---
Service halls, the audit of what departments must publish, letters and ratings: one door to all.

**Signing in**: press **Authorize** and use an account and its password (`make accounts` prints the
demo accounts of a local system). An access token lasts 10 minutes; programs renew it with the
refresh token; other systems use `client_credentials`.

**Errors** are RFC 9457 problem documents (`application/problem+json`): a stable `type`, `title` and
`detail` in the language of `Accept-Language`, and `errors` that point to the field. All types are
listed at [/problems](/problems).

**Retrying**: send `Idempotency-Key` with what writes; one key has one effect for a day
(without an account: from the same network). Lists go on by `next_cursor`.

**Events**: see [/events](/events).
""",
}
RATE_HEADERS: dict[str, Any] = {
    "RateLimit": {
        "description": "剩余次数与恢复所需的秒数 | What is left of the allowance, and the seconds"
        " until it is whole (draft-ietf-httpapi-ratelimit-headers)",
        "schema": {"type": "string", "examples": ['"reading";r=1999;t=10']},
    },
    "RateLimit-Policy": {
        "description": "限速规则：次数与秒数 | The rule: so many calls in so many seconds",
        "schema": {"type": "string", "examples": ['"reading";q=2000;w=10']},
    },
}
SUCCESS = "成功 | Success"
THIS_SERVER = "本机 | This server"

AUDIENCES = {
    "citizen": "群众 | Citizens",
    "hall": "大厅 | Halls",
    "department": "部门 | Departments",
    "auditor": "监察 | Auditors",
    "admin": "管理 | Administrators",
    "system": "系统对接 | Other systems",
}
"""What the tags are called where people read them."""

ALSO: dict[str, tuple[str, ...]] = {
    "叫号": ("叫下一位", "叫指定的号", "重呼"),
    "弃号": ("放弃排队",),
    "回到队列": ("恢复排队",),
    "排队": ("取号", "我的号", "查看号票"),
    "好差评": ("/ratings", "/rating-tags", "/service-events", "评价答复"),
    "节假日": ("放假通知", "工作日历", "停办"),
    "加班": ("工作日历", "排班规则"),
    "投诉": ("写信",),
    "举报": ("写信",),
    "信访": ("/letters",),
    "注册": ("新建账号",),
    "权限": ("更改权限", "新建账号"),
    "爽约": ("失约",),
    "挂失": ("补发查询码",),
    "公示": ("公开",),
    "催办": ("督办",),
    "holiday": ("放假通知", "工作日历", "停办"),
    "complaint": ("写信",),
    "queue": ("取号", "叫下一位", "放弃排队", "恢复排队"),
    "login": ("登录",),
}
"""Other words for what operations do, as people look for it, each with words of the paths and
summaries that it stands for."""

TAGS = {
    "citizen": "查大厅、预约、取号、写信、评价 | find a hall, book, take a ticket, write, rate",
    "hall": "窗口、叫号、显示屏、排班 | windows, calling, displays, schedules",
    "department": "公开、答复、整改 | publish, answer, put right",
    "auditor": "清单、核对、监察报表 | duties, matching, reports",
    "admin": "账号、政策、日历 | accounts, policies, calendars",
    "system": "令牌、公钥、事件 | tokens, keys, events",
}

ASYNCAPI_INFO: dict[str, Any] = {
    "title": "一扇门 OneDoor 事件 | OneDoor events",
    "version": "0.1.0",
    "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    "description": """\
CloudEvents 1.0（结构化 JSON），经 NATS JetStream 至少送达一次；
按事件自带的版本或时间排序，不按到达先后。
主题 = 事件类型 + `.` + 大厅或部门代码（没有则为 `_`），因此可以只订阅自己大厅的事件。
---
CloudEvents 1.0 (structured JSON) over NATS JetStream, at least once; go by the event's own version
or time, never by arrival. The subject is the event's type, a dot, and the hall's or department's
code (`_` if none), so that one hall can be given exactly its own events.
""",
}
NATS = "JetStream；每个订阅系统有自己的账号 | JetStream; each subscriber has an account of its own"
