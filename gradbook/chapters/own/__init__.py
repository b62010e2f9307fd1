"""Your own network: what the probes and the tracker say of a network that is not this book's."""

import lazy_loader as lazy

ORDER = 7
NOTEBOOK = "your_own_network"

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "card": ["card"],
        "closed_forms": ["decay_share", "examples_needed", "steps_needed"],
        "curves": ["batch_explorer", "decay_explorer", "precision_explorer"],
        "effects": ["bounded", "coverage", "decay_rank", "loss_over_agreement", "precision"],
        "explorer": ["suspects_explorer"],
        "figures": [
            "plot_decay",
            "plot_intervals",
            "plot_landscape",
            "plot_precision",
            "plot_run",
            "plot_units",
        ],
        "networks": ["network"],
        "rows": ["cost_rows", "precision_rows"],
        "training": ["fit", "minibatches", "pictures"],
    },
)
