"""What the gates of a run decided, for a CI: one report of facts, and a pure function to text for each form of it."""
