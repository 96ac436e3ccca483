"""The parts of the console beside the map, one file each."""
