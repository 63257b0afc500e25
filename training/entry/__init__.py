"""What stands at the root of sourcedir.tar.gz and of a model's code/, where the container looks for it."""
