"""Endpoints on anybody's tables: tumour response, hyperprogression, times to events.

Tables in, tables out; nothing here knows of simulation.
"""
