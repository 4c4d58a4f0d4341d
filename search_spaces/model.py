"""The base of every configuration model: frozen, strict about keys, plain to compare."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Model(BaseModel):
    """A frozen record that refuses keys it does not know and numbers that are not finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _kinds_of_the_defaults(cls, data: Any) -> Any:
        """A choice whose ``kind`` is left out is of the kind that is its default."""
        if not isinstance(data, Mapping):
            return data
        fields = cls.model_fields
        changed = {
            key: {"kind": kind, **value}
            for key, value in data.items()
            if isinstance(value, Mapping) and "kind" not in value and key in fields
            if (kind := getattr(fields[key].default, "kind", None)) is not None
        }
        return {**data, **changed} if changed else data
