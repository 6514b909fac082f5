"""Turn web pages into structured data: one row per URL, with the evidence for each value."""

__version__ = "0.1.0"
