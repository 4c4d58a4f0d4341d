"""The building: floor plans, and where scenes come from, a kind a module. Importing them here registers them."""

from trainables.buildings import floor_plan_scene as floor_plan_scene
from trainables.buildings import sionna_scene as sionna_scene
from trainables.buildings import xml_scene as xml_scene
