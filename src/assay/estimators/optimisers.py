"""The optimisers, for parameters in one row of numbers (`flat`): a few operations per step and nothing around them.

With g the gradient, m and v its running mean and mean square, each corrected for its start at zero:

- `adam`: w -= rate m / (sqrt(v) + eps) (1412.6980), weight decay added to g;
- `amsgrad`: the same with the largest v so far (Reddi, Kale, Kumar 2018);
- `adamw`: w -= rate decay w, apart from the gradient (1711.05101);
- `sgd`: u = momentum u + g, w -= rate u.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from assay.errors import TrainingError
from assay.estimators.settings import TrainingSettings

_MEAN, _SQUARE, _EPS = 0.9, 0.999, 1e-8


class Optimiser:
    """Steps of parameters against their gradient.

    Parameters
    ----------
    parameters
        A leaf with a `grad`, shape (n,).
    settings
        Which optimiser, its weight decay and momentum.
    """

    def __init__(self, parameters: Tensor, settings: TrainingSettings) -> None:
        self.parameters = parameters
        self.settings = settings
        self.n_steps = 0
        names = {"sgd": ("velocity",), "amsgrad": ("mean", "square", "largest")}
        kept = names.get(settings.optimiser, ("mean", "square"))
        self.state = {name: torch.zeros_like(parameters, requires_grad=False) for name in kept}

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Take a step of a learning rate."""
        self.n_steps += 1
        weights, gradient, decay = self.parameters.data, self.parameters.grad, self.settings.weight_decay
        assert gradient is not None  # noqa: S101 - see the class
        if decay and self.settings.optimiser == "adamw":
            weights.mul_(1.0 - rate * decay)
        elif decay:
            gradient.add_(weights, alpha=decay)
        if self.settings.optimiser == "sgd":
            weights.sub_(self.state["velocity"].mul_(self.settings.momentum).add_(gradient), alpha=rate)
            return
        square = self.state["square"].mul_(_SQUARE).addcmul_(gradient, gradient, value=1.0 - _SQUARE)
        self.state["mean"].lerp_(gradient, 1.0 - _MEAN)
        if self.settings.optimiser == "amsgrad":
            square = torch.maximum(self.state["largest"], square, out=self.state["largest"])
        scale = math.sqrt(1.0 - _SQUARE**self.n_steps)
        below = square.sqrt().add_(_EPS * scale)
        weights.addcdiv_(self.state["mean"], below, value=-rate * scale / (1.0 - _MEAN**self.n_steps))

    def state_dict(self) -> dict[str, Tensor | int]:
        """Return copies of what decides further steps."""
        return {"n_steps": self.n_steps, **{name: value.clone() for name, value in self.state.items()}}

    def load_state_dict(self, content: dict[str, Tensor | int]) -> None:
        """Go on from there.

        Raises
        ------
        TrainingError
            If it is the state of another optimiser.
        """
        if set(content) != {"n_steps", *self.state}:
            raise TrainingError(
                f"the state of an optimiser with {', '.join(map(str, content))}", expected=", ".join(self.state)
            )
        self.n_steps = int(content["n_steps"])
        for name, value in self.state.items():
            value.copy_(torch.as_tensor(content[name]))
