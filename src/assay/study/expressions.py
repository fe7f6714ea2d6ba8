"""Assay's expression language: observables, cuts, parameter transforms, efficiencies and resolutions.

What to use when:

- `parse(text, variables=names)` for an observable, a number made of particles and earlier observables, such as
  `(a[0] + a[1]).m`;
- `parse(text, variables=names, condition=True)` for a cut, such as `j[0].pt > 30`;
- `parse(text, particles=False, variables=("theta",))` for a formula of numbers, such as `16.52*theta`, and `evaluate`
  to compute it.

Observables and cuts are evaluated by `assay.observables`. Nothing in an expression is ever run as code.
"""

from __future__ import annotations

from assay.study.arithmetic import evaluate
from assay.study.parsing import Expression, check_name, parse

__all__ = ["Expression", "check_name", "evaluate", "parse"]
