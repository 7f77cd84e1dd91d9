"""YAML of an office is read strictly, and each mistake is told with its line."""

import pytest

from engine.yaml_source import YamlRefused, load_yaml


def test_words_stay_words():
    found = load_yaml(b"a: [yes, no, on, 2026-01-05, 0012, 1.5, 12, true, null, '3']", "x.yaml")
    assert found == {"a": ["yes", "no", "on", "2026-01-05", "0012", 1.5, 12, True, None, "3"]}


def test_a_mapping_knows_its_line():
    assert load_yaml(b"a: 1\nb:\n  c: 2\n", "x.yaml")["b"].line == 3


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"a: &x 1\nb: *x", "x.yaml第2行：不能使用引用"),
        (b"a: 1\nb: 2\na: 3", "x.yaml第3行：“a”写了两次"),
        (b"a: !!python/object/apply:os.system [id]", "x.yaml第1行：不能使用标签"),
        (b"a: [1", "x.yaml第"),
        (b"a: 1\n\tb: 2", "x.yaml第2行：格式有错"),
        (b"a: \xff", "x.yaml第1行：不是 UTF-8 编码"),
        (b"a: " + b"[" * 100_000, "x.yaml第1行：嵌套太深"),
        (b"a: " + b"{b: " * 100_000, "x.yaml第1行：嵌套太深"),
        (b"a: 1\n---\nb: 2", "x.yaml第"),
        (b"1.5: a", "x.yaml第1行：格式有错"),
        (b" " * 600_000, "x.yaml：文件超过512 KB"),
    ],
)
def test_a_mistake_is_told_with_its_line(data, sentence):
    with pytest.raises(YamlRefused) as refused:
        load_yaml(data, "x.yaml")
    assert refused.value.sentence.startswith(sentence)
