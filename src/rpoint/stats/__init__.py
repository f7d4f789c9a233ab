"""Statistics of trials: survival, proportions, designs, baskets, meta-analysis, synergy.

Tables in, tables out; nothing here knows of simulation.
"""
