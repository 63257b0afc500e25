"""What is deployed: the platform's components, each a Pulumi component resource."""
