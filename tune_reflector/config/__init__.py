"""The configuration of a search: its model, its sections, its file."""
