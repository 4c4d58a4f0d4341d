"""Several searches at an equal budget of rays."""
