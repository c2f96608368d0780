"""What changed between two versions of a spec, and for whom."""
