"""Modules that are copied to where generated code and the suite need them."""
