"""A site's tags: how well each is predicted, how much it is used, and which go together."""
