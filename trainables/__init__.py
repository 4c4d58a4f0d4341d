"""How a candidate scores: the scene, the rays, the objective, and the Tune trainables around them.

The only package that imports Sionna, and it does so where it is needed.
"""
