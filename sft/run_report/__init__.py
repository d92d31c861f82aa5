"""A run as a page to hand around: one HTML file that needs nothing else, or Markdown for a pull request."""
