"""What the reader turns: widgets are given measured arrays and load no torch."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "answer": ["Answer"],
        "bet": ["Bet", "Score"],
        "curves": ["Axis", "Control", "Curves", "Form", "Points"],
        "explorer": ["Explorer"],
        "landscapes": ["explorer_of"],
        "order": ["Order"],
        "quiz": ["Quiz"],
        "slides": ["Slides"],
    },
)
