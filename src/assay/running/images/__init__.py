"""The container images: built, looked at, checked and pushed through the Docker Engine."""
