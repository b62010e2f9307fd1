"""What the reader turns: widgets that run with a kernel and, in the built book, without one."""

from gradbook.widgets.explorer import Explorer

__all__ = ["Explorer"]
