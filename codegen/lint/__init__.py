"""What a sound spec may still have wrong with it, and the rules of the spec language."""
