"""T cells and antibodies against PD-1 and PD-L1, and the interferon hypothesis."""
