"""What a search prints: for people, for scripts, and for nobody."""

import fcntl
import json
import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest

from tune_reflector import search
from tune_reflector.experiment.console import Console

QUICK = [
    "name=a",
    "launch=local",
    "budget.trials=8",
    "searcher.kind=random",
    "fidelity.rungs=[2000, 4000]",
    "final={candidates: 2, rays_per_ap: 20000, lattices: 3, variants: [], second_opinion: false}",
    "report={every_s: null, figures: false}",
    "counterfactual.kinds=[]",
]


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_is_an_object_a_line_for_everything_that_happens(capsys: pytest.CaptureFixture[str]) -> None:
    assert search.main([*QUICK, "--json"]) == 0
    told = capsys.readouterr()
    found = events(told.out)
    assert told.err == ""
    kinds = [event["event"] for event in found]
    lines = Path("results/a/journal.log").read_text().splitlines()
    journal = [json.loads(line.partition(" ")[2]) for line in lines]  # behind its checksum
    assert [kind for kind in kinds if kind not in ("message", "best", "winner")] == [e["event"] for e in journal]
    reported = [event for event in found if event["event"] == "reported"]
    assert [event["result"] for event in reported] == [e["result"] for e in journal if e["event"] == "reported"]
    feasible = [e["result"]["p5_rss_dbm"] for e in reported if e["result"]["rung"] == 2]
    bests = [event["p5_rss_dbm"] for event in found if event["event"] == "best"]
    assert bests == sorted(set(bests))
    assert bests[-1] == max(feasible)
    winner = next(event for event in found if event["event"] == "winner")
    assert {**winner, "event": None} == {**json.loads(Path("results/a/best.json").read_text()), "event": None}
    assert kinds[-2:] == ["finished", "message"]


def test_a_resumed_search_tells_of_a_best_only_if_it_is_better(capsys: pytest.CaptureFixture[str]) -> None:
    assert search.main([*QUICK, "--json"]) == 0
    best = [event for event in events(capsys.readouterr().out) if event["event"] == "best"][-1]["p5_rss_dbm"]
    assert search.main(["--resume", "results/a", "budget.trials=30", "--json"]) == 0
    later = [event["p5_rss_dbm"] for event in events(capsys.readouterr().out) if event["event"] == "best"]
    assert all(score > best for score in later)


def test_quiet_prints_nothing_where_nothing_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert search.main([*QUICK, "--quiet"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "")
    assert Path("results/a/best.json").exists()


def test_quiet_still_warns(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["reflector={size_m: [0.1, 0.1], model: mirror}", "--dry-run"]
    assert search.main([*QUICK, *small, "--quiet"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "Fresnel" in told.err
    assert search.main([*QUICK, *small, "--json"]) == 0
    assert [e["event"] for e in events(capsys.readouterr().out)] == ["message", "warning"]


def test_bad_input_is_told_the_same_in_every_mode(capsys: pytest.CaptureFixture[str]) -> None:
    for mode in ("--quiet", "--json"):
        assert search.main([*QUICK, "budget.trials=-1", mode]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert "budget.trials" in told.err
    with pytest.raises(SystemExit):
        search.main([*QUICK, "--quiet", "--json"])


@pytest.mark.parametrize("columns", [40, 80])
def test_a_terminal_sees_one_line_rewritten_in_place_that_never_wraps(columns: int) -> None:
    """A real terminal: its width is asked for, and what does not fit is cut off."""
    main, terminal = pty.openpty()
    fcntl.ioctl(main, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tune_reflector.search", *QUICK, "budget.trials=60", "budget.rays_per_ap=1e9"],
        stdout=terminal,
        env=environment,
    )
    os.close(terminal)
    shown = bytearray()
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:  # how a terminal ends
            break
        if not part:
            break
        shown += part
    assert process.wait() == 0
    progress = [line for line in re.split(r"[\r\n]+", shown.decode()) if re.match(r"\d+/60 trials", line)]
    assert len(progress) >= 2
    assert max(map(len, progress)) < columns
    assert b"\r60/60 trials" in shown
    assert shown.count(b"\n0/60") + shown.count(b"\n1/60") == 0


def test_messages_go_to_the_console_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Not also to what a program that calls this one has made of its root logger, nor past a quiet console."""
    heard: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    listener, logger = Listener(), logging.getLogger("tune_reflector.somewhere")
    logging.getLogger().addHandler(listener)
    try:
        with Console("quiet").listening():
            logger.info("by the way")
            logger.warning("beware")
        assert (heard, capsys.readouterr()) == ([], ("", "beware\n"))
        logger.warning("afterwards")
        assert heard == ["afterwards"]
    finally:
        logging.getLogger().removeHandler(listener)
