"""Augmented data: events drawn at any parameter point, with their joint ratios and scores."""
