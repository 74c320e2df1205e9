"""How predictions agree with authors' tags, day by day, and when that drifts."""
