"""What is measured over seeds for this chapter; see `gradbook.evidence.registry`."""
