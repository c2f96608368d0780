"""What a run is told as: lines for people, files for programs, a page for a browser."""
