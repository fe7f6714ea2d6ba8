"""How large the campaign is: as many times CI's as the environment says, five times with `make test-faults`."""

from __future__ import annotations

import os

FACTOR = int(os.environ.get("ASSAY_FAULTS", "1"))
