"""LHE 3 (hep-ph/0609017, arXiv:1405.1067): the interface between any generator and the rest."""

from assay.generation.lhe.reader import read_lhe, read_metadata
from assay.generation.lhe.sample import Beams, LHESample
from assay.generation.lhe.writer import write_lhe

__all__ = ["Beams", "LHESample", "read_lhe", "read_metadata", "write_lhe"]
