"""Questions about a design, answered by many simulated trials."""
