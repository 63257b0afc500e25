"""What keeps a region ready to take over: it follows the live model, and switches what starts trainings."""
