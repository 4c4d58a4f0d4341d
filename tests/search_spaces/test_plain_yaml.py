"""YAML of any size that a person writes is read; what only looks small, or has no end, is not."""

from pathlib import Path
from typing import Any

import pytest

from search_spaces import plain_yaml


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that are easy to reach."""
    for name, limit in {"MAX_BYTES": 200, "MAX_NODES": 20, "MAX_DEPTH": 4, "MAX_CHARACTERS": 10}.items():
        monkeypatch.setattr(plain_yaml, name, limit)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("x" * 10, "x" * 10),
        (f"[{', '.join('x' * 19)}]", ["x"] * 19),
        ("[[[x]]]", [[["x"]]]),
        ("[&a [x, x, x, x], *a, *a]", [["x"] * 4] * 3),
        ("{a: &a {x: 1, y: 2}, b: {<<: *a, y: 3}}", {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}),
        ("x: 1" + " " * 196, {"x": 1}),
        ("", None),
    ],
    ids=["characters", "values", "levels", "aliases", "merged", "bytes", "empty"],
)
def test_what_is_within_the_limits_is_read(text: str, data: Any) -> None:
    assert plain_yaml.parse(text, "it") == data


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: " + "x" * 11, "must hold at most 10 characters in a value, but holds more in line 2; make"),
        ("x" * 11 + ": 1", "must hold at most 10 characters in a value"),
        (
            f"[{', '.join('x' * 20)}]",
            "must hold at most 20 values, aliases written out, but holds more in line 1; make",
        ),
        ("[[[[x]]]]", "must hold at most 4 levels of lists and mappings, but holds more in line 1; make"),
        ("[&a [x, x, x, x, x], *a,\n *a, *a]", "must hold at most 20 values"),
        ("a: &a [x]\nb: &b [*a]\nc: &c [*b]\nd: [*c]", "must hold at most 4 levels"),
        ("x: 1" + " " * 197, "must be at most 200 bytes of YAML, but is more; make"),
        ("a: &a [1,\n *a]", "must not hold an anchor that contains itself, as in line 2; drop"),
        ("&a {x: {<<: *a}}", "must not hold an anchor that contains itself, as in line 1; drop"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^it: {said}"):
        plain_yaml.parse(text, "it")


def test_every_alias_counts_as_all_that_it_stands_for() -> None:
    laughs = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    with pytest.raises(ValueError, match=r"must hold at most 40,000 values, aliases written out, but .* in line 6"):
        plain_yaml.parse("a0: &a0 [x]\n" + laughs, "it")


@pytest.mark.usefixtures("small")
def test_a_file_is_read_to_where_it_is_too_large() -> None:
    assert len(plain_yaml.read(Path("/dev/zero"))) == 201
    Path("small.yaml").write_bytes(b"x: 1")
    assert plain_yaml.read(Path("small.yaml")) == b"x: 1"
