"""Reports of signal performance by their known names, from high-resolution controller events."""
