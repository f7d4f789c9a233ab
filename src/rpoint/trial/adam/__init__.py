"""Tables of a trial by the names of ADaM, and their dictionary."""
