"""gradbook: what feeds the features of a neural network, measured.

The package behind the textbook *Gradient Dosage*. Data flows one way:

    tasks -> models -> training -> probes -> experiments -> evidence
          -> atlas -> claims -> figures -> widgets

Import the module you need, for example ``from gradbook import tasks, probes``.
Importing ``gradbook`` itself is light: it loads neither torch nor matplotlib.
"""

import warnings

# torch's own, from 2.14 on, at the first torch.func.jvp of a process.
warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", FutureWarning)

__version__ = "0.1.0"
