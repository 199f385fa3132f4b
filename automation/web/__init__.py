"""The HTTP door: hooks in, health and metrics out."""
