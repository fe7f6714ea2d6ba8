"""Diagrams of the processes, written with the blocks of `amplitudes`."""
