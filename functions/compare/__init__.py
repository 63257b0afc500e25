"""The step that judges a new model against the live one."""
