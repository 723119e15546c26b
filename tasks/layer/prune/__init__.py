"""Which files of an installed distribution stay in the layer, and why.

Pure: rules and facts in, a plan out. No file is touched here.
"""
