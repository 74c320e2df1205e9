"""Question files → questions → queue."""
