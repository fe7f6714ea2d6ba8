"""Observables and cuts: the expression language evaluated on reconstructed objects."""
