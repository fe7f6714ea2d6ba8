"""MadGraph5_aMC@NLO as the generator: cards filled from a study, a process compiled once, jobs from what it gave.

`prepare` fills the cards (`cards`), has the process written and compiled, and makes a grid pack per benchmark and the
library of the reweighting; `archive` packs it all. `generate` makes a job's events from that, without a compiler, and
gives every event its weights. `program` starts MadGraph, `failures` reads its log when that goes wrong.
"""
