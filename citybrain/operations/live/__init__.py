"""The process of the live loop: paced, watched, and fed with what people ask for."""
