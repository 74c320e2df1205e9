"""The web page's frame: the application, who may use it, what every answer carries."""
