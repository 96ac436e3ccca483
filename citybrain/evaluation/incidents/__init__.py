"""The incident-detection study: ``citybrain incidents``."""
