"""How the service is doing, and its models: what the pages and the API tell of them."""
