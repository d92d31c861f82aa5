"""Two models side by side on the same items, in one run or in two: what changed, in which items, and how surely."""
