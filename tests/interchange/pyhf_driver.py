"""Answers questions about HistFactory models with pyhf, in the environment of madminer: JSON in, JSON out."""

from __future__ import annotations

import json
import sys

import numpy as np
import pyhf

SETTINGS = {"normsys": {"interpcode": "code1"}, "histosys": {"interpcode": "code0"}}
"""Exponential normalisations, as events vary; pyhf's defaults smooth them at the origin."""


def model_of(question):
    """A channel for each bin, so that every bin has its own response to each nuisance parameter."""
    channels = []
    for n, (signal, background) in enumerate(zip(question["signal"], question["background"], strict=True)):
        systematics = [
            {"name": name, "type": "normsys", "data": {"hi": float(np.exp(a[n])), "lo": float(np.exp(-a[n]))}}
            for name, a in question["nuisance"].items()
        ]
        strength = {"name": "mu", "type": "normfactor", "data": None}
        channels.append(
            {
                "name": f"bin{n}",
                "samples": [
                    {"name": "signal", "data": [signal], "modifiers": [strength, *systematics]},
                    {"name": "background", "data": [background], "modifiers": systematics},
                ],
            }
        )
    bounds = {"name": "mu", "inits": [1.0], "bounds": [[0.0, question["largest"]]]}
    spec = {
        "channels": channels,
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": [bounds]}}],
        "observations": [{"name": f"bin{n}", "data": [count]} for n, count in enumerate(question["counts"])],
        "version": "1.0.0",
    }
    workspace = pyhf.Workspace(spec)
    model = workspace.model(modifier_settings=SETTINGS)
    return model, workspace.data(model)


def main():
    """Answer a list of questions."""
    # exact gradients and tight tolerances: best fits are compared to six digits
    sharp = pyhf.optimize.scipy_optimizer(tolerance=1e-15, maxiter=10_000, solver_options={"ftol": 1e-15})
    pyhf.set_backend("pytorch", sharp, precision="64b")
    json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)


def answer(question):
    """Return values at points, the best fit and CLs."""
    model, data = model_of(question)
    names = model.config.par_order
    columns = [model.config.par_slice(name).start for name in ("mu", *question["nuisance"])]

    def parameters(theta):
        values = np.array(model.config.suggested_init(), dtype=float)
        values[columns] = theta
        return pyhf.tensorlib.astensor(values)

    # pyhf's exponential has no gradient at the origin, where fits would start and stay
    start = [float(v) for v in np.where(np.arange(len(names)) == columns[0], 1.0, 0.1)]
    best, value = pyhf.infer.mle.fit(data, model, init_pars=start, return_fitted_val=True)
    return {
        "version": pyhf.__version__,
        "log_likelihood": [
            float(model.logpdf(parameters(theta), pyhf.tensorlib.astensor(data))[0]) for theta in question["points"]
        ],
        "best_fit": [float(best[c]) for c in columns],
        "best_log_likelihood": -0.5 * float(value),
        "cls": [
            float(pyhf.infer.hypotest(mu, data, model, init_pars=start, test_stat="qtilde"))
            for mu in question["strengths"]
        ],
    }


if __name__ == "__main__":
    main()
