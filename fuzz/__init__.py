"""Coverage-guided fuzzing of the codecs and the connection: `python -m fuzz`, or `make fuzz`."""
