"""From the YAML of a spec to its model: a module for each part of the YAML."""
