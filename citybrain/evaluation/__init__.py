"""What is measured, compared and reported."""
