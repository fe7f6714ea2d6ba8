"""Figures: pure functions from arrays and results to a `matplotlib.figure.Figure`, usable in notebooks as well."""
