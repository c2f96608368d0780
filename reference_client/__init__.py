"""The reference client of the Instant Messenger Protocol: see `session` for what it does, `client` for its edge."""
