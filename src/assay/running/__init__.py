"""Running the workflow: executors for yadage, the launcher, the progress of steps, REANA."""
