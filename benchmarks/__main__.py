"""Measure, print a table, keep the figures: ``python -m benchmarks [QUESTION ...]``."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from benchmarks import barrier, bars, fidelity, kernels, lean, memory, plates, shown, startup, suggestion, throughput
from benchmarks.support.options import QUICK, Options
from benchmarks.support.processes import ROOT, call
from benchmarks.support.report import Answer, table, write

QUESTIONS: dict[str, Callable[[Options], Answer]] = {
    "throughput": throughput.run,
    "kernels": kernels.run,
    "memory": memory.run,
    "startup": startup.run,
    "fidelity": fidelity.run,
    "bars": bars.run,
    "suggestion": suggestion.run,
    "barrier": barrier.run,
    "lean": lean.run,
    "shown": shown.run,
    "plates": plates.run,
}


def about(questions: Sequence[str]) -> dict[str, Any]:
    """Device, versions and commit; runs in a process of its own, as it loads Dr.Jit."""
    from trainables.tracing.backend import find_backend
    from tune_reflector.runs.provenance import provenance, relevant_packages

    found = provenance(relevant_packages(), find_backend("auto").description, throughput.SEED, ROOT)
    return found | {"command": ["benchmarks", *questions], "cores": os.cpu_count()}


def count(text: str) -> int:
    """A positive whole number, also written like ``3e6``."""
    number = int(float(text))
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, but got {text}")
    return number


def main(argv: Sequence[str] | None = None) -> int:
    """Run the chosen benchmarks; the exit code does not depend on the figures."""
    p = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    p.add_argument("questions", nargs="*", metavar="QUESTION", help=f"of {', '.join(QUESTIONS)}; default: all")
    p.add_argument("--quick", action="store_true", help="a smoke run: its figures mean nothing")
    p.add_argument("--candidates", type=count, help="candidates of each throughput run")
    p.add_argument("--repeats", type=count, help="interleaved repetitions of each throughput run")
    p.add_argument("--placements", type=count, help="random placements of the fidelity benchmark, at least 2")
    p.add_argument("--reference-rays", type=count, help="rays per AP of the fidelity benchmark's reference")
    arguments = vars(p.parse_args(argv))
    questions, quick = arguments.pop("questions") or list(QUESTIONS), arguments.pop("quick")
    if unknown := sorted(set(questions) - set(QUESTIONS)):
        p.error(f"QUESTION must be one of {', '.join(QUESTIONS)}, but got {unknown[0]!r}")
    chosen = {name: value for name, value in arguments.items() if value is not None}
    options = Options(**((QUICK if quick else {}) | chosen))

    environment = call(about, questions)
    print(f"device {environment['device']}, {environment['cores']} cores", flush=True)
    answers: dict[str, Any] = {}
    for name in questions:
        start = time.perf_counter()
        answer = QUESTIONS[name](options)
        answers[name] = asdict(answer) | {"rows": [row.to_json() for row in answer.rows]}
        print(f"\n{name} ({time.perf_counter() - start:.0f} s)\n{table(answer)}", flush=True)
    name = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    path = write(name, {**environment, "options": asdict(options), "quick": quick, "answers": answers})
    print(f"\n{path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
