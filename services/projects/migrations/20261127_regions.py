"""The regions that may have working days of their own, so that a mistyped one is no calendar.

Revision ID: regions
Revises: append_only_facts
"""

import sqlalchemy as sa
from alembic import op

revision: str = "regions"
down_revision: str | None = "append_only_facts"
branch_labels: str | None = None
depends_on: str | None = None

PROVINCES = (
    *(("CN", "全国", "China"), ("CN-11", "北京市", "Beijing"), ("CN-12", "天津市", "Tianjin")),
    *(("CN-13", "河北省", "Hebei"), ("CN-14", "山西省", "Shanxi")),
    *(("CN-15", "内蒙古自治区", "Inner Mongolia"), ("CN-21", "辽宁省", "Liaoning")),
    *(("CN-22", "吉林省", "Jilin"), ("CN-23", "黑龙江省", "Heilongjiang")),
    *(("CN-31", "上海市", "Shanghai"), ("CN-32", "江苏省", "Jiangsu")),
    *(("CN-33", "浙江省", "Zhejiang"), ("CN-34", "安徽省", "Anhui")),
    *(("CN-35", "福建省", "Fujian"), ("CN-36", "江西省", "Jiangxi")),
    *(("CN-37", "山东省", "Shandong"), ("CN-41", "河南省", "Henan"), ("CN-42", "湖北省", "Hubei")),
    *(("CN-43", "湖南省", "Hunan"), ("CN-44", "广东省", "Guangdong")),
    *(("CN-45", "广西壮族自治区", "Guangxi"), ("CN-46", "海南省", "Hainan")),
    *(("CN-50", "重庆市", "Chongqing"), ("CN-51", "四川省", "Sichuan")),
    *(
        ("CN-52", "贵州省", "Guizhou"),
        ("CN-53", "云南省", "Yunnan"),
        ("CN-54", "西藏自治区", "Tibet"),
    ),
    *(("CN-61", "陕西省", "Shaanxi"), ("CN-62", "甘肃省", "Gansu"), ("CN-63", "青海省", "Qinghai")),
    *(("CN-64", "宁夏回族自治区", "Ningxia"), ("CN-65", "新疆维吾尔自治区", "Xinjiang")),
)
"""Where the notices of the State Council's General Office apply, by the codes of GB/T 2260."""


def upgrade() -> None:
    region = op.create_table(
        "region",
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("name_en", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_region")),
    )
    names = ("code", "name", "name_en")
    op.bulk_insert(region, [dict(zip(names, row, strict=True)) for row in PROVINCES])
    op.execute(
        sa.text(
            "INSERT INTO region SELECT DISTINCT region, region, region FROM calendar_version"
            " ON CONFLICT DO NOTHING"
        )
    )
    op.create_foreign_key(
        op.f("fk_calendar_version_region_region"),
        "calendar_version",
        "region",
        ["region"],
        ["code"],
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_calendar_version_region_region"), "calendar_version")
    op.drop_table("region")
