"""Blueprints, forms, sittings, attempts, grading and statistics.

The rules without a database are `forms` (what one attempt sees, drawn from a seed), `responses` (what counts as an
answer to an item) and `scoring` (what an answer and an attempt are worth).
"""
