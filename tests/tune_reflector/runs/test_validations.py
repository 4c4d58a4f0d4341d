"""Validations are kept for the device and the versions that they are of, and damaged ones are none."""

import json
from pathlib import Path
from typing import Any

import pytest

from tune_reflector.runs.provenance import package_versions, provenance
from tune_reflector.runs.validations import PACKAGES, Validation, find_validation, save_validation

DEVICE = "CPU (LLVM 19.1.7)"
VERSIONS = {"sionna-rt": "2.2.0", "drjit": None}
VALIDATION = Validation("2026-11-21", 33, 34)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_what_was_kept_is_found_and_replaced() -> None:
    assert find_validation(DEVICE, VERSIONS) is None
    save_validation(DEVICE, VERSIONS, Validation("2026-11-20", 30, 34))
    save_validation(DEVICE, VERSIONS, VALIDATION)
    assert find_validation(DEVICE, VERSIONS) == VALIDATION


def test_another_device_or_version_is_not_validated() -> None:
    save_validation(DEVICE, VERSIONS, VALIDATION)
    assert find_validation("GPU (CUDA 13.0)", VERSIONS) is None
    assert find_validation(DEVICE, {**VERSIONS, "drjit": "1.5.0"}) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"day": "soon", "held": 1, "rows": 1}', '{"day": 3}'])
def test_a_damaged_file_is_none(content: str) -> None:
    save_validation(DEVICE, VERSIONS, VALIDATION).write_text(content)
    assert find_validation(DEVICE, VERSIONS) is None


def test_without_a_home_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert find_validation(DEVICE, VERSIONS) is None


def test_a_run_records_the_validation_of_the_machine_that_it_was_started_on(tmp_path: Path) -> None:
    def recorded() -> Any:
        return json.loads(json.dumps(provenance(["numpy"], DEVICE, seed=7, source=tmp_path)))["validation"]

    assert recorded() is None
    save_validation(DEVICE, package_versions(PACKAGES), VALIDATION)
    assert Validation.from_json(recorded()) == VALIDATION
