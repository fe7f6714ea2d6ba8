"""What this environment can do: every claim is tried, not looked up.

A capability (`physics`, `ml`, `workflow`, `madgraph`) is a list of checks; `core` is what all need. Each capability is
examined in a process of its own, so that a library that crashes (an instruction that this processor lacks, a damaged
file) is a finding and not the end of the examination.
"""

from assay.running.health.examination import CAPABILITIES, examine
from assay.running.health.finding import Finding, is_well

__all__ = ["CAPABILITIES", "Finding", "examine", "is_well"]
