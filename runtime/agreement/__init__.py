"""How far labels agree: of people with each other, and of a judge with people. Pure functions over arrays of labels."""
