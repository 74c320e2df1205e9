"""Sentence vectors: a frozen encoder that networks learn from, or read beside the words."""
