"""Watch what feeds the groups of a network while somebody else's loop trains it.

    with track.Doses(model, groups="units", every=100, path="run.doses") as doses:
        ...                                  # the loop as it is

A hook on the optimizer's step reads weights before and after it and the gradient between; network
and optimizer stay exactly as they would have been. `Doses.run` or `load` gives what was recorded as
a `Run`, `report` makes a page of it that opens offline.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "held": ["Held", "noise_interval"],
        "in_lightning": ["LightningDoses"],
        "in_transformers": ["TrainerDoses"],
        "page": ["report"],
        "recording": ["Doses"],
        "runs": ["Run", "load"],
    },
)
