"""Plays cases: to a server as every actor, to a client as its server."""
