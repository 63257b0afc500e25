"""What runs in the SageMaker containers: preprocess, train, evaluate, serve."""
