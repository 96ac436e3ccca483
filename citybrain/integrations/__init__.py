"""Other people's interfaces to ours."""
