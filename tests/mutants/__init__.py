"""Reference programs that are broken on purpose, and what the conformance suite says of them: `python -m tests.mutants`."""
