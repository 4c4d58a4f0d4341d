"""How long ``--help`` takes: nothing heavy may be imported for it."""

import subprocess
import sys
from statistics import median
from time import perf_counter

from benchmarks.support.options import Options
from benchmarks.support.processes import ROOT
from benchmarks.support.report import Answer, Row


def seconds(*arguments: str) -> float:
    """Wall time of a Python process."""
    start = perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start


def run(options: Options) -> Answer:
    """Measure it and an empty process in turns."""
    helps, empties = [], []
    for _ in range(options.startup_runs):
        empties.append(seconds("-c", "pass"))
        helps.append(seconds("-m", "tune_reflector.search", "--help"))
    rows = [
        Row("python -m tune_reflector.search --help", median(helps), "s", at_most=0.5),
        Row("python -c pass", median(empties), "s"),
    ]
    return Answer(rows, [f"medians of {options.startup_runs} runs"])
