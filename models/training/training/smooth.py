"""Evening out what the int8 products see: large input channels are made smaller, their weights larger.

Dynamic int8 has one scale for all inputs of a product, so a channel with outliers costs all others their precision. A
product is the same when channel j of its input is divided by s[j] and column j of its weights multiplied by it; with
s[j] = sqrt(largest input / largest weight) both have about the same spread.

One channel of what the feed-forward maps back to the encoder's width is a hundred times as large as the others are
spread (massive activations, Sun et al. 2024). No divisor helps there: the largest channels are left out of the int8
product and multiplied in fp32 beside it (as in LLM.int8(), Dettmers et al. 2022).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from .encoder import Classifier
from .fit import device, padded

PARTS = ("qkv", "attention_out", "inner", "outer")
# How many channels of a part's input are multiplied in fp32.
APART = {"outer": 4}


@dataclass(frozen=True)
class Even:
    """How the input of a product is evened out: a divisor of each channel, and the channels multiplied in fp32."""

    divisor: np.ndarray
    apart: np.ndarray


@torch.no_grad()
def evened(model: Classifier, rows: Sequence[list[int]]) -> dict[str, Even]:
    """How the input of every linear map is evened out, by `layer.part`, from the inputs over token sequences."""
    model = model.to(device()).eval()
    largest: dict[str, Tensor] = {}
    hooks = []
    for number, layer in enumerate(model.layers):
        for part in PARTS:
            hooks.append(getattr(layer, part).register_forward_pre_hook(_watcher(largest, f"{number}.{part}")))
    for row in rows:
        model(*padded([row]))
    for hook in hooks:
        hook.remove()
    result = {}
    for name, seen in largest.items():
        number, part = name.split(".")
        weight = getattr(model.layers[int(number)], part).weight.abs().amax(0)
        divisor = torch.sqrt(seen.clamp_min(1e-3) / weight.clamp_min(1e-4)).cpu().numpy()
        apart = torch.argsort(seen, descending=True)[: APART.get(part, 0)].sort().values
        result[name] = Even(divisor, apart.cpu().numpy())
    return result


def _watcher(largest: dict[str, Tensor], name: str):  # noqa: ANN202
    def watch(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        found = inputs[0].abs().flatten(0, 1).amax(0)
        largest[name] = torch.maximum(largest[name], found) if name in largest else found

    return watch
