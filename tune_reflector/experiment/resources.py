"""The resources that trials share: cores and cards of this machine, or of the cluster that ``ray.address`` names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trainables.tracing.backend import Backend
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError


@dataclass(frozen=True)
class Machine:
    """Cores and cards."""

    cpus: float
    gpus: float

    @classmethod
    def local(cls, backend: Backend) -> "Machine":
        """This machine."""
        gpus = len(list(Path("/proc/driver/nvidia/gpus").glob("*"))) or 1
        return cls(len(os.sched_getaffinity(0)), gpus if backend.name == "cuda" else 0)

    def workers(self, config: SearchConfig, backend: Backend) -> int:
        """Count the trials that run at a time.

        Raises:
            ConfigError: not even one fits.
        """
        resources = config.resources
        if resources.cpus_per_trial > self.cpus:
            raise ConfigError(
                f"resources.cpus_per_trial: must be at most the {self.cpus:g} cores there are, but got "
                f"{resources.cpus_per_trial}; lower it"
            )
        fitting = int(self.cpus // resources.cpus_per_trial)
        if backend.name == "cuda":
            if resources.gpus_per_trial > self.gpus:
                raise ConfigError(
                    f"resources.gpus_per_trial: must be at most the {self.gpus:g} GPUs there are, but got "
                    f"{resources.gpus_per_trial:g}; lower it"
                )
            fitting = min(fitting, int(self.gpus / resources.gpus_per_trial + 1e-9))
        wanted = config.budget.max_concurrent or fitting
        if config.launch == "local":
            return 1
        trials = max(stage.num_trials for stage in config.stages())
        return max(1, min(wanted, fitting, trials))


@contextmanager
def machine(config: SearchConfig, backend: Backend) -> Iterator[Machine]:
    """Find what the trials can use; within this context a running cluster is connected, if one is named."""
    if config.launch == "local" or config.ray.address is None:
        yield Machine.local(backend)
    else:
        from tune_reflector.execution.ray_cluster import existing_cluster

        with existing_cluster(config.ray.address) as resources:
            yield Machine(resources.get("CPU", 0), resources.get("GPU", 0))
