"""The reference of every setting, made from the models while the site is built, so that it cannot go stale.

MkDocs calls ``on_page_markdown`` for each page (``hooks`` in ``mkdocs.yml``); a reference takes the place of its
marker. What is written comes from the models' JSON schema: keys, types, bounds, defaults, descriptions.
"""

import html
import re
from collections.abc import Iterator
from typing import Any

from search_spaces import plain_yaml
from search_spaces.model import Model
from trainables.buildings.floor_plan import FloorPlan
from tune_reflector.config.search_config import SearchConfig

Schema = dict[str, Any]

_HEAD = ("", "| key | value | default | meaning |", "|---|---|---|---|")

_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the references where a page wants them."""
    for marker, reference in (("<!-- settings -->", settings_reference), ("<!-- floor plan -->", floor_plan_reference)):
        if marker in markdown:
            markdown = markdown.replace(marker, reference())
    return markdown


def settings_reference() -> str:
    """Every setting of an experiment as Markdown: a section for each group, one for each ``kind`` of a choice."""
    return "\n".join(_Reference(SearchConfig).grouped())


def floor_plan_reference() -> str:
    """Every key of a floor plan as Markdown."""
    return "\n".join(_Reference(FloorPlan).flat())


class _Reference:
    """Writes what a model's JSON schema says.

    Three sorts of fields hold models. A *choice* has a section for each ``kind``. A single model is a *group*, whose
    keys follow its own in dotted form. One that is only a part of a value, such as an item of a list, is a *shape*: it
    is told once, at the end.
    """

    def __init__(self, model: type[Model]) -> None:
        self._root: Schema = model.model_json_schema()
        self._shapes: dict[str, Schema] = {}

    def grouped(self) -> Iterator[str]:
        """A section for each field of the root that holds models, the simple ones first."""
        fields = self._root["properties"]
        with_models = {key: field for key, field in fields.items() if self._kinds(field) or self._group(field)}
        yield from ("", "## The run")
        simple = {key: field for key, field in fields.items() if key not in with_models}
        yield from self._table({"properties": simple}, "")
        for key, field in with_models.items():
            if self._kinds(field):
                yield from self._choice(key, field, level=2)
                continue
            group = self._group(field)
            null = " May be `null`." if self._may_be_null(field) else ""
            yield from ("", f"## `{key}` {{ #{_anchor(key)} }}", "", _text(group["description"]) + null)
            yield from self._table(group, f"{key}.")
            yield from self._choices(group, f"{key}.", level=3)
        yield from self._told_shapes()

    def flat(self) -> Iterator[str]:
        """One table, and the shapes that it names."""
        yield from self._table(self._root, "")
        yield from self._told_shapes()

    def _choice(self, key: str, field: Schema, level: int) -> Iterator[str]:
        kinds = self._kinds(field)
        links = ", ".join(f"[`{kind}`](#{_anchor(key, kind)})" for kind in kinds)
        default = f"Default: {self._default(field)}."
        yield from ("", f"{'#' * level} `{key}` {{ #{_anchor(key)} }}", "")
        yield f"{_sentence(field['description'])} `{key}.kind` is one of {links}. {default}"
        for kind, model in kinds.items():
            yield from ("", f"{'#' * (level + 1)} `{key}.kind: {kind}` {{ #{_anchor(key, kind)} }}", "")
            yield _text(model["description"])
            yield from self._table(model, f"{key}.")
            yield from self._choices(model, f"{key}.", level + 2)

    def _choices(self, model: Schema, prefix: str, level: int) -> Iterator[str]:
        """A section for each choice among the fields of a model."""
        for name, field in model["properties"].items():
            if self._kinds(field):
                yield from self._choice(f"{prefix}{name}", field, level)

    def _table(self, model: Schema, prefix: str) -> Iterator[str]:
        rows = list(self._rows(model, prefix))
        if rows:
            yield from (*_HEAD, *rows)

    def _rows(self, model: Schema, prefix: str) -> Iterator[str]:
        for name, field in model["properties"].items():
            if "const" in field:  # the kind, which the heading tells
                continue
            key, group = f"{prefix}{name}", self._group(field)
            if self._kinds(field):
                value = f"[a choice](#{_anchor(key)})"
            elif group:
                value = f"`{key}.*`" + (" or `null`" if self._may_be_null(field) else "")
            else:
                value = self._value(field)
            cells = f"`{key}`", value, self._default(field), _text(field.get("description", ""))
            yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
            if group:
                yield from self._rows(group, f"{key}.")

    def _told_shapes(self) -> Iterator[str]:
        """Telling a shape may name further ones."""
        told: set[str] = set()
        while to_tell := [name for name in self._shapes if name not in told]:
            for name in to_tell:
                told.add(name)
                yield from ("", f"## {name} {{ #{_anchor(name)} }}", "", _text(self._shapes[name]["description"]))
                yield from self._table(self._shapes[name], "")
                yield from self._choices(self._shapes[name], "", level=3)

    def _default(self, field: Schema) -> str:
        if "default" not in field:
            return "must be given"
        value, kinds = field["default"], self._kinds(field)
        if isinstance(value, dict):
            model = kinds[value["kind"]] if kinds else self._group(field)
            if model:  # tell only what differs from the model's own defaults
                usual = {name: inner.get("default") for name, inner in model["properties"].items()}
                value = {k: v for k, v in value.items() if k == "kind" or v != usual[k]}
                if not value:
                    return ""
        return f"`{_number(value) if isinstance(value, float) else plain_yaml.inline(value)}`"

    def _value(self, field: Schema) -> str:
        """Type and bounds in words."""
        bounds = "".join(f", {sign} {_number(field[key])}" for key, sign in _BOUNDS.items() if key in field)
        match field:
            case {"anyOf": parts} | {"oneOf": parts}:
                return " or ".join(map(self._value, parts)) + bounds
            case {"$ref": reference}:
                name = str(reference).rpartition("/")[2]
                self._shapes[name] = self._resolved(field)
                return f"[{name}](#{_anchor(name)})"
            case {"enum": values}:
                return " or ".join(f"`{value}`" for value in values)
            case {"type": "array", "prefixItems": items}:
                return f"[{', '.join(map(self._value, items))}]"
            case {"type": "array", "items": items}:
                least = f"{field['minItems']} or more " if "minItems" in field else ""
                return f"list of {least}{_plural(self._value(items))}"
            case {"type": "object", "additionalProperties": values}:
                return f"{{name: {self._value(values)}}}"
            case {"type": "boolean"}:
                return "`true` or `false`"
            case {"type": "null"}:
                return "`null`"
            case {"format": "path"}:
                return "path"
            case {"type": "string"}:
                return "text"
            case {"type": kind}:
                return f"{kind}{bounds}"
        raise ValueError(f"a field of the model must be of a type that is known here, but is {field}; add it")

    def _resolved(self, field: Schema) -> Schema:
        if "$ref" in field:
            definition: Schema = self._root["$defs"][field["$ref"].rpartition("/")[2]]
            return definition
        return field

    def _alternatives(self, field: Schema) -> list[Schema]:
        return [part for part in field.get("anyOf", [field]) if part.get("type") != "null"]

    def _group(self, field: Schema) -> Schema:
        """The one model that a field holds; empty if it holds something else."""
        first, *others = map(self._resolved, self._alternatives(field))
        return first if "properties" in first and not others else {}

    def _kinds(self, field: Schema) -> dict[str, Schema]:
        """The models of a choice by kind, in their order; empty if the field is none."""
        first = self._alternatives(field)[0]
        if "discriminator" not in first:
            return {}
        models = map(self._resolved, first["oneOf"])
        return {model["properties"]["kind"]["const"]: model for model in models}

    def _may_be_null(self, field: Schema) -> bool:
        return any(part.get("type") == "null" for part in field.get("anyOf", []))


def _anchor(key: str, kind: str = "") -> str:
    return "-".join(part for part in (key.lower().replace(".", "-"), kind) if part)


def _number(value: float) -> str:
    """As people write it in YAML: ``5.18e9``, not ``5180000000.0``."""
    if isinstance(value, int):
        return f"{value:,}"
    short = re.sub(r"e\+0*", "e", f"{value:g}")
    return short if float(short) == value else repr(value)


def _plural(value: str) -> str:
    return f"{value}s" if value.isalpha() else value.replace("list of", "lists of", 1)


def _text(description: str) -> str:
    """A description on one line, safe in a table."""
    return html.escape(" ".join(description.split()), quote=False)


def _sentence(description: str) -> str:
    text = _text(description)
    return f"{text[0].upper()}{text[1:].removesuffix('.')}."
