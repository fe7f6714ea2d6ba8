"""Parameters, benchmarks and morphing: how the cross section depends on the theory."""
