"""What stages do when there is work: the part of a stage's module that takes the heavy packages.

A complete stage is recognised before any of this is imported, so that a run of hundreds of complete jobs goes on within
seconds. Where the work is a few lines, the stage's module has it, with its imports inside the function.
"""
