"""Events: the embedded leading-order generator and the LHE 3 interface between any generator and the rest."""
