"""The rays: backend, antennas, receivers, and the Sionna scene in which things move."""
