"""The parts of the clients that are written by hand; the build copies them as they are."""
