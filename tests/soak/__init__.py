"""The reference server under a load of everything at once, for as long as one likes: `python -m tests.soak`."""
