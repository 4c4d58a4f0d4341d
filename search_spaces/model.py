"""The base of every configuration model: frozen, strict about keys, plain to compare."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen record that refuses keys it does not know and numbers that are not finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)
