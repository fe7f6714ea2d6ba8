"""Turning the input files of `madminer-workflow-ph` and `madminer-workflow-ml` into a study.

`migrate` gives the text of an `input.yml` and a list of what could not be kept as it was, each with the reason and what
to do about it. Nothing is dropped without being in that list.
"""

from assay.study.migration.cards import cards_in
from assay.study.migration.losses import Loss
from assay.study.migration.migrate import CARDS, Migration, migrate

__all__ = ["CARDS", "Loss", "Migration", "cards_in", "migrate"]
