"""Timings of gradbook against the obvious way and against other packages; see README.md."""
