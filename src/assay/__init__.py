"""Assay: from one `input.yml` to limits on theory parameters, by simulation-based inference."""

__version__ = "0.1.0"
