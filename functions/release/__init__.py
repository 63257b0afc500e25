"""The step that makes a deployed model the live one, or puts the previous one back."""
