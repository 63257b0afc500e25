"""What may be deployed: the policy pack."""
