"""Many certificates at once: issuing, sending again and revoking from a CSV file or a filter.

A run is first a dry run that says what each line would do; started, it works through its lines in chunks, can be left
and come back to, and goes on after a crash where it was. Each line has its effect exactly once.
"""
