"""Hadronically decaying taus in an event record."""

from __future__ import annotations

import awkward as ak
import numpy as np

from assay.simulation.objects import flat_columns

COMPONENTS = ("px", "py", "pz", "e")


def hadronic_taus(record: ak.Array) -> ak.Array:
    """Return the visible momenta of taus that decay to hadrons: the tau's without its neutrino's.

    Parameters
    ----------
    record
        All particles of every event, intermediate ones included: lists of id (PDG), mother1 (its place in the event),
        px, py, pz, e.

    Returns
    -------
    ak.Array
        Per event a list of px, py, pz, e (GeV). A tau decays to hadrons if neither electron nor muon is among its
        direct products.
    """
    counts, columns = flat_columns(record)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    event = np.repeat(np.arange(len(counts)), counts)
    code = np.abs(columns["id"]).astype(np.int64)
    mother = starts + columns["mother1"].astype(np.int64)
    mother = np.where((columns["mother1"] >= 0) & (columns["mother1"] < counts[event]), mother, -1)
    of_tau = (mother >= 0) & (code[mother] == 15)
    leptonic = np.zeros(len(code), dtype=bool)
    leptonic[mother[of_tau & np.isin(code, (11, 13))]] = True
    neutrinos = np.flatnonzero(of_tau & (code == 16))
    neutrinos = neutrinos[~leptonic[mother[neutrinos]]]
    taus = mother[neutrinos]
    order = np.argsort(taus, kind="stable")
    visible = {name: (columns[name][taus] - columns[name][neutrinos])[order] for name in COMPONENTS}
    return ak.unflatten(ak.zip(visible), np.bincount(event[taus], minlength=len(counts)))
