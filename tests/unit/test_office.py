"""The institution's own data: what a number, a remedy and a post are, and how a mistake is told."""

from pathlib import Path

import pytest

from engine.office import Office, OfficeInvalid

FOLDER = Path(__file__).parents[2] / "processes" / "_office"


@pytest.fixture(scope="module")
def office() -> Office:
    return Office.load(FOLDER)


def files(**changed: str) -> dict[str, bytes]:
    """The demonstration office's files, some of them replaced."""
    given = {path.name: path.read_bytes() for path in FOLDER.glob("*.yaml")}
    return {**given, **{f"{name}.yaml": text.encode() for name, text in changed.items()}}


def test_a_lanes_name_is_a_roles_title(office):
    assert office.role_ids()["信息公开专员"] == "disclosure_officer"
    assert office.roles["section_head"].per_unit
    assert [role.id for role in office.roles.values() if role.administrator] == [
        "system_admin",
        "security_admin",
        "audit_admin",
    ]


def test_numbers_follow_the_pattern_of_their_series(office):
    assert office.number("on_request", 2026, 213) == "2026-0213"
    assert office.number("reply", 2026, 7, "公") == "某城执公开〔2026〕第7号—公"
    assert office.number("reply", 2026, 7) == "某城执公开〔2026〕第7号"


def test_an_unknown_series_is_refused(office):
    with pytest.raises(OfficeInvalid, match="no series"):
        office.number("nothing", 2026, 1)


def test_a_refusal_is_sent_to_reconsideration_first(office):
    # 行政复议法第二十三条第一款第四项、第二十四条: the same-level government, and before any suit.
    text = office.remedy_text("review_first")
    assert "先向某市人民政府申请行政复议" in text
    assert "或者" not in text


def test_a_letter_by_internet_names_the_internet_channel(office):
    assert "https://fy.example.gov.cn" in office.remedy_text("review_first", online=True)
    assert office.remedy_text("none", online=True) == ""


def test_sections_are_suggested_by_their_duties(office):
    assert office.suggest_units("柳岸新村征收补偿、拆迁和预算")[0] == "housing"
    assert office.suggest_units("无关内容") == []


def test_the_ladder_climbs_to_the_director(office):
    assert [step.at for step in office.ladder] == ["-P5WD", "-P3WD", "-P1WD", "P0WD", "P1WD"]
    assert "director" in office.ladder[-1].to


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"roles": "roles: []"}, "“roles”下没有内容"),
        ({"roles": "roles:\n  - {id: A, title: x}"}, "id“A”不合规则"),
        ({"roles": "roles:\n  - {id: a, title: x}\n  - {id: a, title: y}"}, "不合规则或者重复"),
        ({"roles": "roles:\n  - {id: a, titel: x}"}, "缺少“title”"),
        ({"numbering": "series:\n  a: {title: x, pattern: '{年}号'}"}, "必须有 {年} 和 {N}"),
        ({"numbering": "series:\n  a: {title: x, pattern: '{年}{N}{月}'}"}, "不认识“{月}”"),
        ({"ladder": "steps:\n  - {level: 1, at: 3 days, to: [holder], title: x}"}, "不是期限"),
        (
            {"ladder": "steps:\n  - {level: 1, at: -P3WD, to: [boss], title: x}"},
            "“boss”不在 roles.yaml 里",
        ),
        ({"letterhead": "机关名称: x"}, "救济告知用到"),
        ({"units": "units: x"}, "应是一个清单"),
        ({"units": "{"}, "格式有错"),
    ],
)
def test_a_mistake_is_told_with_its_file(changed, part):
    with pytest.raises(OfficeInvalid) as refused:
        Office.from_files(files(**changed))
    assert part in refused.value.sentence
    assert ".yaml" in refused.value.sentence


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(OfficeInvalid) as refused:
        Office.load(tmp_path)
    assert "文件不存在" in refused.value.sentence
