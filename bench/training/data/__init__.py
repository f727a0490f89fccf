"""Training data: data sets to train and validate on, batches with a new hole for every picture at every step."""
