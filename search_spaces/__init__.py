"""What can be searched: genes, placements, zones and the geometry of the plate.

Knows neither Sionna nor Ray.
"""
