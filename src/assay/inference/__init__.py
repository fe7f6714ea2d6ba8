"""Limits, Fisher information and the checks that go with them, in any number of parameters.

What to use when:

- `expected`: expected limits of one kind of method (rate, histogram, score, ratio) from an event pool, in one call.
- `likelihoods`: the log likelihoods alone, of Asimov data or of counts and events that you bring.
- `limits`: from any log likelihood to best fit, profiles, intervals and contours.
- `fisher`: Fisher information; `information`: its algebra (projection, profiling, ellipses) and its file.
- `diagnostics`: closure of an estimated ratio on events that it has not seen.
"""
