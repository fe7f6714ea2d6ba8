"""From a generator's events to reconstructed objects: shower, detector, and the ROOT file for the analysis."""
