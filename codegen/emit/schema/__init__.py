"""What a spec can say, as JSON Schema: a module for each group of sections."""
