"""From the YAML of a protocol to its codecs, tables and document."""
