"""The poller: questions from the StackExchange API, into the database and the queue."""
