"""The building: floor plans and where scenes come from. Free of Sionna."""
