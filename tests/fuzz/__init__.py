"""Coverage-guided fuzzing of the codecs and the connection: `python -m tests.fuzz`, or `make fuzz`."""
