"""How candidates are run: handed out, traced by workers, retried, taken down."""
