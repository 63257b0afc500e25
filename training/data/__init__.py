"""Tables: reading them with limits, describing them, splitting them, turning them into numbers."""
