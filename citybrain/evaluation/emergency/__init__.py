"""The emergency study: the same calls with and without priority, from the same states."""
