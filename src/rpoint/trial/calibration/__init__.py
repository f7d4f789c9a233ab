"""Population parameters from the trials whose rows have the role `calibrate`."""
