"""The reference server of the Instant Messenger Protocol."""
