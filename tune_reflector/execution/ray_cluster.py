"""Clusters of Ray: one of this machine, which lives and dies with a search, or one that is running already."""

import logging
import math
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

os.environ.setdefault("RAY_worker_niceness", "0")  # at Ray's 15, workers starve beside any other program

import grpc
import ray
from ray._private import ray_constants
from ray._private.authentication.authentication_token_setup import (
    enable_token_auth_by_default,
    ensure_token_if_auth_enabled,
)
from ray._private.grpc_utils import init_grpc_channel
from ray.core.generated.gcs_service_pb2 import GetClusterIdRequest
from ray.core.generated.gcs_service_pb2_grpc import NodeInfoGcsServiceStub
from ray.exceptions import AuthenticationError

from tune_reflector.errors import ConfigError
from tune_reflector.execution.caretaker import Caretaker
from tune_reflector.execution.launch import Launch

_QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}

_TIMEOUT_S = 10.0

_LONGEST_SOCKET = "/rayxxxxxxxx/r/session_0000-00-00_00-00-00_000000_0000000/sockets/dash_TaskEventsHead"
"""Of those that Ray makes in the folder for temporary files."""

_LONGEST_PATH = 107 - len(_LONGEST_SOCKET)
"""Of that folder: Linux allows 107 characters for a socket."""

_log = logging.getLogger(__name__)


@contextmanager
def cluster(launch: Launch) -> Iterator[None]:
    """Within this context Ray is connected: to a cluster of this machine for one search, if to none before.

    Whatever ends this process, somebody tells how to resume, and nothing of the search's own cluster is left.
    """
    if ray.is_initialized():
        caretaker = Caretaker(launch.remedy, head=ray.get_runtime_context().gcs_address)
        try:
            yield
        finally:
            caretaker.farewell()
            caretaker.end()
        return
    folder = temporary_folder()
    caretaker = Caretaker(launch.remedy, folder)
    try:
        _start(launch, folder)
        yield
    finally:
        caretaker.farewell()
        ray.shutdown()
        caretaker.end()  # later if the line before is interrupted: it ends processes that Ray still needs then


def _start(launch: Launch, folder: Path) -> None:
    """Start a cluster of this machine that no other machine can reach, nor any other user of this one."""
    resources = launch.config.resources
    keep_token_private()
    with _on_loopback():
        context = ray.init(
            address="local",
            num_cpus=launch.workers * resources.cpus_per_trial,
            num_gpus=math.ceil(launch.workers * resources.gpus_per_trial) if launch.use_gpu else 0,
            include_dashboard=launch.config.ray.dashboard,
            dashboard_host="127.0.0.1",
            _temp_dir=str(folder / "r"),  # Ray lets everybody into it, but nobody else gets there
            **_QUIET,
        )
    if launch.config.ray.dashboard:
        where = f"http://{context.dashboard_url}"
        _log.info("dashboard %s (it asks for the token that 'ray get-auth-token' prints)", where)


def temporary_folder() -> Path:
    """Make a folder for Ray's files, for this user alone: in ``RAY_TMPDIR``, if its sockets have room in there."""
    parent = Path(os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()).absolute()
    if len(os.fsencode(parent)) <= _LONGEST_PATH:
        with suppress(OSError):
            parent.mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(prefix="ray", dir=parent))
    return Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))


def keep_token_private() -> None:
    """Let this user alone read the token that Ray's processes ask for; Ray would let everybody read a new one.

    The token is in the user's home; without such a folder there is one for this process and its workers.
    """
    before = os.umask(0o077)
    try:
        enable_token_auth_by_default()
        ensure_token_if_auth_enabled()
    except OSError:
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    finally:
        os.umask(before)
    with suppress(OSError):
        (Path.home() / ".ray" / "auth_token").chmod(0o600)


@contextmanager
def _on_loopback() -> Iterator[None]:
    """Within this context Ray starts processes that listen on 127.0.0.1 only.

    Ray replaces a loopback address by one that others can reach, but where it knows that a cluster has one machine
    only; the test that looks at the ports fails if a new version of Ray knows that from elsewhere.
    """
    before, ray_constants.ENABLE_RAY_CLUSTER = ray_constants.ENABLE_RAY_CLUSTER, False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


@contextmanager
def existing_cluster(address: str) -> Iterator[dict[str, float]]:
    """Connect to a running cluster; yields its resources.

    Raises:
        ConfigError: there is none at ``address``, or it does not let this search in.
    """
    try:
        if address != "auto":
            _ask(address)
        ray.init(address=address, **_QUIET)
    except AuthenticationError:
        raise ConfigError(
            f"ray.address: must be that of a cluster that lets this search in, but {address!r} demands its token; on a "
            "machine of the cluster give auto, elsewhere set RAY_AUTH_MODE=token and write into ~/.ray/auth_token what "
            "'ray get-auth-token' prints on the cluster's head"
        ) from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"ray.address: must be that of a running cluster, but {address!r} is not: {reason}; "
            "start one or set it to null"
        ) from None
    try:
        yield ray.cluster_resources()
    finally:
        ray.shutdown()


def _ask(address: str) -> None:
    """Ask a cluster's head for an answer: Ray itself asks for minutes, prints raw lines and aborts the process.

    Raises:
        AuthenticationError: it demands a token, which is not here, or another one than that.
        ConnectionError: it does not answer, or is no such head.
    """
    with init_grpc_channel(address, [("grpc.enable_http_proxy", 0)]) as channel:
        try:
            NodeInfoGcsServiceStub(channel).GetClusterId(GetClusterIdRequest(), timeout=_TIMEOUT_S)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNAUTHENTICATED:
                raise AuthenticationError(error.details()) from None
            raise ConnectionError(error.details()) from None
