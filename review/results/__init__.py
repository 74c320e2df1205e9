"""Queries on the results, and how they are written."""
