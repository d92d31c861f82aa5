"""From finished steps to a folder that other tools load: layouts, data card, and the folder's own safety."""
