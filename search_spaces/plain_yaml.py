"""YAML that people write: safe, with two of PyYAML's habits mended, and no larger than a person would want it.

``28e9`` and ``1e-3`` are numbers, and a key may stand only once in a mapping.

A few lines of anchors can stand for more data than any memory holds, so that data is counted with its aliases written
out, while it is read: whatever is too much is refused before anything is made of it.
"""

import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 1_000_000
"""Of a file: a floor plan of a thousand walls takes a fifth of it."""

MAX_NODES = 40_000
"""Values, keys, lists and mappings, aliases written out: a floor plan of a thousand walls has half as many."""

MAX_DEPTH = 30
"""Lists and mappings within each other, aliases written out: a configuration has about six."""

MAX_CHARACTERS = 10_000
"""Of a single value or key."""


class _LimitError(ValueError):
    """More than anybody needs; the message lacks the name of the source."""


class _Loader(yaml.SafeLoader):
    """Counts while it composes; an alias counts as what it stands for."""

    def __init__(self, stream: str | bytes) -> None:
        super().__init__(stream)
        self._open = 0
        self._nodes = 0
        self._extents: dict[yaml.Node, tuple[int, int]] = {}
        """Nodes and depth of what has been composed so far."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        alias = self.check_event(yaml.AliasEvent)
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        self._open += 1
        self._nodes += 1
        _check("levels of lists and mappings", self._open, MAX_DEPTH, mark)
        _check("values, aliases written out", self._nodes, MAX_NODES, mark)
        node = super().compose_node(parent, index)
        self._open -= 1
        if node is None:
            return None
        if alias and node not in self._extents:
            raise _LimitError(
                f"must not hold an anchor that contains itself, as in line {mark.line + 1}; drop its alias"
            )
        if not alias:
            self._extents[node] = nodes, depth = self._extent(node)
            _check("levels of lists and mappings", depth, MAX_DEPTH, mark)
            _check("values, aliases written out", nodes, MAX_NODES, mark)
        return node

    def _extent(self, node: yaml.Node) -> tuple[int, int]:
        """Nodes of a node whose parts are composed, and their depth."""
        if isinstance(node, yaml.ScalarNode):
            _check("characters in a value", len(node.value), MAX_CHARACTERS, node.start_mark)
            return 1, 1
        parts = node.value if isinstance(node, yaml.SequenceNode) else [part for pair in node.value for part in pair]
        extents = [self._extents[part] for part in parts]
        return 1 + sum(nodes for nodes, _ in extents), 1 + max((depth for _, depth in extents), default=0)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        repeated = next((key for key, count in Counter(keys).items() if count > 1), None)
        if repeated is not None:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {repeated!r} stands twice; keep one", node.start_mark
            )
        return super().construct_mapping(node, deep)


def _check(what: str, count: int, limit: int, mark: yaml.Mark) -> None:
    if count > limit:
        raise _LimitError(
            f"must hold at most {limit:,} {what}, but holds more in line {mark.line + 1}; make it smaller"
        )


class _Dumper(yaml.SafeDumper):
    """Quotes a text that ``_Loader`` would read as a number."""


for _yaml_class in (_Loader, _Dumper):
    _yaml_class.add_implicit_resolver(
        "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
    )


def read(path: Path) -> bytes:
    """The bytes of a file for ``parse``; one that is too large is not read to its end.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def parse(text: str | bytes, source: str) -> Any:
    """Plain data from YAML.

    Raises:
        ValueError: it is not YAML, or more than the limits above allow; the message names ``source``.
    """
    try:
        if len(text) > MAX_BYTES:
            raise _LimitError(f"must be at most {MAX_BYTES:,} bytes of YAML, but is more; make it smaller")
        return yaml.load(text, _Loader)
    except _LimitError as error:
        raise ValueError(f"{source}: {error}") from None
    except Exception as error:  # an odd tag makes PyYAML stumble over more than its own errors
        raise ValueError(f"{source}: must be YAML: {_told(error)}") from None


def _told(error: Exception) -> str:
    """An error of the reader in one line: what it stumbled over, and where."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem is None or error.problem_mark is None:
        return f"{' '.join(str(error).split())}; correct it"
    problem, where = " ".join(error.problem.split()), _place(error.problem_mark)
    if "stands twice; keep one" in problem:
        return f"{problem}, in {where}"
    if error.context is not None and error.context_mark is not None:
        if "flow" in error.context:
            return (
                f"a bracket opens in {_place(error.context_mark)} and is not closed in {where}: {problem}; correct it"
            )
        return f"{problem} in {where}, {error.context} that begins in {_place(error.context_mark)}; correct it"
    return f"{problem} in {where}; correct it"


def _place(mark: yaml.Mark) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"


def places(text: str | bytes) -> dict[tuple[int | str, ...], tuple[int, int]]:
    """Line and column, from 1, of every key and every entry of a list in a text that ``parse`` reads.

    Each is found by the keys that lead to it; what an alias stands for is where the anchor is.
    """
    found: dict[tuple[int | str, ...], tuple[int, int]] = {}
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
    finally:
        loader.dispose()
    left: list[tuple[tuple[int | str, ...], yaml.Node | None]] = [((), root)]
    while left:
        path, node = left.pop()
        if isinstance(node, yaml.MappingNode):
            named = [(key.value, key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
        elif isinstance(node, yaml.SequenceNode):
            named = [(number, entry, entry) for number, entry in enumerate(node.value)]
        else:
            continue
        for name, at, value in named:
            found[*path, name] = (at.start_mark.line + 1, at.start_mark.column + 1)
            left.append(((*path, name), value))
    return found


def block(value: Any) -> str:
    """Plain data as YAML, one key a line, that ``parse`` reads back."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text


def inline(value: Any) -> str:
    """Plain data as one line of YAML that ``parse`` reads back."""
    text: str = yaml.dump(value, Dumper=_Dumper, default_flow_style=True, width=math.inf)
    return text.removesuffix("...\n").strip()
