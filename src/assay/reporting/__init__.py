"""Figures and the report: everything is drawn from results, nothing is computed anew."""
