"""The conformance suite of the Instant Messenger Protocol."""
