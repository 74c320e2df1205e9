"""What there is to learn from: questions, labels, splits."""
