"""The JSON API under /api/v1: each file is a router."""
