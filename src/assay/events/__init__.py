"""Simulated events with a weight per benchmark: their file, and the pool of all sub-samples."""
