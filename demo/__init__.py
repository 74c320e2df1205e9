"""A made-up site, and a stand-in of the StackExchange API that serves it or any question file."""
