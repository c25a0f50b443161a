from pydantic import ConfigDict, Field

from shared.web.models import View


class DepartmentView(View):
    """A department that answers letters."""

    model_config = ConfigDict(from_attributes=True)

    code: str = Field(examples=["D03"])
    name: str = Field(examples=["住房和城乡建设局"])
    english_name: str
    is_active: bool
