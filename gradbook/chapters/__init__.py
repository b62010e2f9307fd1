"""The chapters, a folder each, on top of the core; see `gradbook.evidence.registry`."""
