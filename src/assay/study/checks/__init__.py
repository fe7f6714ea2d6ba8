"""What the values of a study must satisfy together.

Every check is a function from a `Draft` (what is valid of a study) to findings. All run, whatever else is wrong, so
that a study's faults are reported in one go. Rooms further down add their own through `load_study(path, checks=...)`.
"""

from __future__ import annotations

from assay.study.checks.beyond import BEYOND_CHECKS
from assay.study.checks.detector import DETECTOR_CHECKS
from assay.study.checks.draft import Check, Draft
from assay.study.checks.efficiencies import EFFICIENCY_CHECKS
from assay.study.checks.execution import EXECUTION_CHECKS
from assay.study.checks.files import FILE_CHECKS
from assay.study.checks.limits import LIMIT_CHECKS
from assay.study.checks.methods import METHOD_CHECKS
from assay.study.checks.morphing import MORPHING_CHECKS
from assay.study.checks.observables import OBSERVABLE_CHECKS
from assay.study.checks.process import PROCESS_CHECKS, one_of
from assay.study.checks.regions import REGION_CHECKS
from assay.study.checks.samples import SAMPLE_CHECKS
from assay.study.checks.sampling import SAMPLING_CHECKS
from assay.study.checks.scans import SCAN_CHECKS
from assay.study.checks.simulation import SIMULATION_CHECKS
from assay.study.checks.theory import THEORY_CHECKS

__all__ = ["CHECKS", "Check", "Draft", "one_of"]

CHECKS: tuple[Check, ...] = (
    *THEORY_CHECKS,
    *MORPHING_CHECKS,
    *PROCESS_CHECKS,
    *FILE_CHECKS,
    *REGION_CHECKS,
    *SIMULATION_CHECKS,
    *DETECTOR_CHECKS,
    *SAMPLE_CHECKS,
    *EFFICIENCY_CHECKS,
    *OBSERVABLE_CHECKS,
    *SAMPLING_CHECKS,
    *METHOD_CHECKS,
    *SCAN_CHECKS,
    *LIMIT_CHECKS,
    *BEYOND_CHECKS,
    *EXECUTION_CHECKS,
)
