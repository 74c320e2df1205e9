"""The pages, as HTML: each file is a router."""
