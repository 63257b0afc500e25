"""A decision on a model package, carried to the training that waits for it."""
