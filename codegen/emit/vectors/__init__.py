"""The frames of `vectors.json`: a reading of frames by the model alone, and the cases that follow from a spec."""
