"""Schedulers: what stops a poor trial before it has spent its rays, or turns it into a copy of a good one."""
