"""A plate by physical optics: what a finite plate reflects, worked out without a tracer, to measure one against.

A plate of finite size does not cut a beam out of the mirror image, it diffracts. Physical optics adds up what each
piece of the plate radiates. Here that is done twice, by tiles and in closed form; the room around the plate is a box
whose walls are images. Time goes as e^(+jwt), waves as e^(-jkr); nothing here knows Sionna.
"""
