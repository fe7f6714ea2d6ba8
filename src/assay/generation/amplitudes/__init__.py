"""Building blocks of helicity amplitudes over arrays of events: fermion currents, propagators, vertices."""
