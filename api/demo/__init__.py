"""The demo: a foundation, three events, two certifications, people in every role, and some history.

Everything is made by the same commands that people use, so that the demo proves them at every first start.
"""
