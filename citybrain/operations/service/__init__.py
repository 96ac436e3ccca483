"""The service process: keeps the loop process alive, the record, and the state that people look at."""
