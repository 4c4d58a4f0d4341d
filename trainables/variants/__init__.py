"""Variants: worlds in which a placement must do as well. One kind a module; importing them here registers them."""

from trainables.variants.access_points import AccessPointsSettings
from trainables.variants.aim import AimSettings
from trainables.variants.people import PeopleSettings
from trainables.variants.permittivity import PermittivitySettings
from trainables.variants.rough_walls import RoughWallsSettings

VARIANTS = (RoughWallsSettings, PermittivitySettings, AimSettings, AccessPointsSettings, PeopleSettings)
"""The kinds that come with the program, in the order in which they are told of."""
