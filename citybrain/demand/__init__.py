"""Where traffic comes from: scenarios, cities and their demand."""
