"""The network of grid areas as operators bring it: checked, planned, applied as a whole, and given out again."""
