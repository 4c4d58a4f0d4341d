"""One search from preflight to result."""
