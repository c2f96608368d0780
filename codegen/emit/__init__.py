"""One module for each kind of output. Each is pure: a spec goes in, text comes out."""
