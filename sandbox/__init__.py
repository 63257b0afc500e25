"""The local engine: runs the same program, functions and training code on one machine."""
