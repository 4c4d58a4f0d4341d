"""YAML that people write: safe, with two of PyYAML's habits mended.

``28e9`` and ``1e-3`` are numbers, and a key may stand only once in a mapping.
"""

import math
import re
from collections import Counter
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        repeated = next((key for key, count in Counter(keys).items() if count > 1), None)
        if repeated is not None:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {repeated!r} stands twice; keep one", node.start_mark
            )
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """Quotes a text that ``_Loader`` would read as a number."""


for _yaml_class in (_Loader, _Dumper):
    _yaml_class.add_implicit_resolver(
        "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
    )


def parse(text: str | bytes, source: str) -> Any:
    """Plain data from YAML.

    Raises:
        ValueError: it is not YAML; the message names ``source``.
    """
    try:
        return yaml.load(text, _Loader)
    except Exception as error:  # an odd tag makes PyYAML stumble over more than its own errors
        raise ValueError(f"{source}: must be YAML: {' '.join(str(error).split())}; correct it") from None


def block(value: Any) -> str:
    """Plain data as YAML, one key a line, that ``parse`` reads back."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text


def inline(value: Any) -> str:
    """Plain data as one line of YAML that ``parse`` reads back."""
    text: str = yaml.dump(value, Dumper=_Dumper, default_flow_style=True, width=math.inf)
    return text.removesuffix("...\n").strip()
