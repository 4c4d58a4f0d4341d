"""The use of the machine: processor, memory and, where there are any, NVIDIA cards."""

import psutil
import pynvml


def use() -> dict[str, float]:
    """Measure what is in use now, by name; of the processors since the last call."""
    found = {"cpu_percent": psutil.cpu_percent(), "memory_gb": psutil.virtual_memory().used / 1e9}
    try:
        pynvml.nvmlInit()
        for number in range(pynvml.nvmlDeviceGetCount()):
            card = pynvml.nvmlDeviceGetHandleByIndex(number)
            found[f"gpu{number}_percent"] = float(pynvml.nvmlDeviceGetUtilizationRates(card).gpu)
            found[f"gpu{number}_memory_gb"] = pynvml.nvmlDeviceGetMemoryInfo(card).used / 1e9
    except pynvml.NVMLError:
        pass  # no driver, no card, or one that does not tell
    return found
