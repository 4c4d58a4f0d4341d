"""Ray's dashboard: with the packages that it needs, which slow down every start of Ray (``make test-dashboard``)."""

import json
from importlib.metadata import version
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.searches import Search

pytest.importorskip("aiohttp_cors", reason="needs the extra: make test-dashboard installs it")
pytestmark = pytest.mark.slow


def test_the_dashboard_is_for_this_machine_and_for_those_who_have_the_token() -> None:
    running = Search.start("ray.dashboard=true", "budget.trials=100000")
    assert running.process.stdout is not None
    line = next(line for line in running.process.stdout if line.startswith("dashboard "))
    address = line.split()[1]
    assert address.startswith("http://127.0.0.1:")
    with pytest.raises(HTTPError, match="401"):
        urlopen(f"{address}/api/version", timeout=60)
    token = (Path.home() / ".ray" / "auth_token").read_text().strip()
    request = Request(f"{address}/api/version", headers={"Authorization": f"Bearer {token}"})
    assert json.loads(urlopen(request, timeout=60).read())["ray_version"] == version("ray")
    running.kill()
