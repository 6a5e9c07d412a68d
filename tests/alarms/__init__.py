"""False alarms: rules that a right simulator violates. `python -m tests.alarms` looks for them; the suite does not."""
