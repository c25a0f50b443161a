"""What is asked for when a certain person is called."""

from pydantic import ConfigDict, Field

from shared.web.models import Input


class CallRequest(Input):
    """Whom to call out of turn, and why: the reason is kept with the names of who was overtaken."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ticket": "A001", "reason": "老人身体不适"}]}
    )

    ticket: str = Field(
        min_length=1,
        max_length=40,
        description="号或号的 id，限今天的号 | Today's number, or the ticket's id",
        examples=["A001"],
    )
    reason: str = Field(
        min_length=2,
        max_length=200,
        pattern=r"\S",
        description="为什么不按次序叫，留档可查 | Why out of turn; kept for whoever checks it",
        examples=["老人身体不适"],
    )
