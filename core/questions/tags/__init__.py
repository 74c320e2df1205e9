"""What a site says of its tags: which it has renamed, and what they are for."""
