"""From experiments to verdicts: running, keeping and judging what is measured."""
