"""innoshare: a library of proven city innovations, from Markdown files to an answered challenge."""

__version__ = "0.1.0"
