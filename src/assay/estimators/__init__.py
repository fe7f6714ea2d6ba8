"""Networks that learn likelihood ratios and scores from augmented data: methods, training, model files and checks."""
