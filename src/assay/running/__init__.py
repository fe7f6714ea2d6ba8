"""Running the workflow: the local executor for yadage, the launcher, and the progress of steps."""
