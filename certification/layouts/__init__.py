"""How certificates look: layouts and their versions, pictures, the shipped ones, and setting a page from one.

A layout version never changes, so that a certificate can name the one it was set from. Knows nothing of issuing:
it is given facts, and gives back the bytes of a PDF.
"""
