"""Networks of every kind on a few rows: every layer of torch with parameters, and oddities."""

from zoo.case import By, Case, N
from zoo.code import CODE, Masked
from zoo.layers import LAYERS
from zoo.networks import NETWORKS, Decoder, VisionTransformer, resnet
from zoo.weights import WEIGHTS

ZOO = {**LAYERS, **WEIGHTS, **CODE, **NETWORKS}

__all__ = ["ZOO", "By", "Case", "Decoder", "Masked", "N", "VisionTransformer", "resnet"]
