"""Review: from predictions to people."""
