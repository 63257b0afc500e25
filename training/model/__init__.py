"""A trained model as files: its graph, its checkpoint, and the folder that is deployed."""
