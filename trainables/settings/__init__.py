"""Settings of the trainables, one kind a module; importing them here registers them."""

from trainables.settings import gradient as gradient
from trainables.settings import placement as placement
