"""What reports say: each sentence in French and English side by side, so neither lacks one.

``{name}`` stands for a value; both languages must name the same values (a test compares).
"""
