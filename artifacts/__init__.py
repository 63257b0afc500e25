"""What `make package` builds into dist/: archives of functions, their layer, training code and a baseline model."""
