"""Settings: every open question is one, with a default, a source and only possible values."""

from __future__ import annotations

import pytest

from engine.office.settings import OfficeSettings, SettingRefused, SettingsInvalid, SettingUnknown

# The names and choices that other programs rely on.
FIXED = {
    "pause_from": {"sent", "received"},
    "late_opinion": {"limit", "opinion"},
    "late_correction_notice": {"restart", "continue"},
    "fee": {"restart", "pause"},
    "post_receipt": {"agency", "office"},
    "annual_report_day": {"include", "strict", "roll"},
}


def test_the_twenty_four_open_questions_are_settings_with_default_and_source(settings):
    assert {one.question for one in settings.all} >= set(range(1, 25))
    for one in settings.all:
        assert one.source
        assert one.title
        assert one.value == one.default == one.read(one.default)


def test_the_fixed_names_have_their_choices(settings):
    for name, choices in FIXED.items():
        assert set(settings.setting(name).choices) == choices


def test_an_office_writes_its_own_value_beside_the_default():
    settings = OfficeSettings.from_bytes(one_setting("value: b"))
    assert (settings["x"], settings.setting("x").default) == ("b", "a")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fee", "free"),
        ("fee", True),
        ("fee", None),
        ("correction_rounds", 0),
        ("correction_rounds", "many"),
        ("correction_period", "P-3WD"),
        ("correction_period", "P0WD"),
        ("opening_time", "8:30"),
        ("opening_time", "24:00"),
    ],
)
def test_an_impossible_value_is_refused_and_says_what_is_possible(settings, name, value):
    with pytest.raises(SettingRefused) as refused:
        settings.changed({name: value})
    assert settings.setting(name).expected in refused.value.sentence
    assert settings[name] == settings.setting(name).default


def test_an_unknown_name_is_refused(settings):
    with pytest.raises(SettingUnknown):
        settings.changed({"fees": "restart"})


def test_values_are_read_in_their_kind(settings):
    changed = settings.changed(
        {"correction_rounds": "2", "correction_period": "P7WD", "opening_time": "09:00"}
    )
    assert (
        changed["correction_rounds"],
        changed["correction_period"],
        changed["opening_time"],
    ) == (2, "P7WD", "09:00")
    assert settings["correction_rounds"] == 1


def one_setting(
    more="",
    head="name: x\n    title: t\n    default: a\n    source: s\n    choices: {a: 甲, b: 乙}",
):
    return f"settings:\n  - {head}\n    {more}\n".encode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"settings: [", "settings.yaml"),
        (one_setting("value: c"), "不能是"),
        (one_setting("colour: red"), "colour"),
        (
            one_setting(
                head="name: X\n    title: t\n    default: a\n    source: s\n    choices: {a: b}"
            ),
            "小写",
        ),
        (one_setting(head="name: x\n    title: t\n    default: 1\n    source: s"), "choices"),
        (
            one_setting(
                head="name: x\n    title: t\n    default: 1\n    source: s\n    type: colour"
            ),
            "choices",
        ),
        (one_setting(head="name: x\n    title: t\n    source: s\n    choices: {a: b}"), "default"),
        (one_setting() + one_setting().split(b"\n", 1)[1], "两次"),
    ],
)
def test_a_wrong_file_is_refused_by_line(data, says):
    with pytest.raises(SettingsInvalid) as refused:
        OfficeSettings.from_bytes(data)
    assert says in refused.value.sentence


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsInvalid) as refused:
        OfficeSettings.load(tmp_path)
    assert "settings.yaml" in refused.value.sentence
