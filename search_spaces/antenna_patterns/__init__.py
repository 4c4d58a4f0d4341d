"""The gain of an antenna's element in all directions: as a table, from makers' files, and a bundled ceiling antenna."""
