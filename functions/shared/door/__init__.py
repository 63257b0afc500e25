"""What every request passes before its operation runs, and every answer on its way back."""
