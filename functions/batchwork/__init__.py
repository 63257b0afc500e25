"""The work behind batches: small ones through the endpoint, large ones by transforms."""
