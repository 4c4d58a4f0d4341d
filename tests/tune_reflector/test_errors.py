"""An error is lines that can be read, whatever is in a file."""

import pickle

from tune_reflector.errors import MOST_PROBLEMS, ConfigError


def test_short_lines_are_left_as_they_are() -> None:
    text = "\n".join(f"budget.trials: must be >= 1, but got {-number}; raise it" for number in range(MOST_PROBLEMS + 1))
    assert str(ConfigError(text)) == text


def test_a_long_line_is_cut_in_its_middle() -> None:
    line = str(ConfigError(f"name: must be short, but got {'x' * 9000}; shorten it"))
    assert line.startswith("name: must be short, but got xxx")
    assert line.endswith("xxx; shorten it")
    assert " ... " in line
    assert len(line) == 1000


def test_of_many_lines_the_first_are_told_and_the_others_counted() -> None:
    lines = str(ConfigError("\n".join(f"key{number}: unknown key" for number in range(1000)))).splitlines()
    assert lines[:MOST_PROBLEMS] == [f"key{number}: unknown key" for number in range(MOST_PROBLEMS)]
    assert lines[MOST_PROBLEMS:] == [f"and {1000 - MOST_PROBLEMS} more"]


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert str(ConfigError("name: \x1b[2J\r\u2028\ud800")) == r"name: \x1b[2J\r\u2028\ud800"


def test_an_error_is_the_same_told_again_and_by_another_process() -> None:
    error = ConfigError("\n".join(["x" * 5000] * 100))
    assert str(ConfigError(str(error))) == str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
