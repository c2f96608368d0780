"""Makes a case of a conversation between any client and any server."""
