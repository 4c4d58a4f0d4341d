"""Tune's schedulers, as they serve here."""
