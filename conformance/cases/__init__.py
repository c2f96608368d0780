"""The sessions of the suite."""
