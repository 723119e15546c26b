"""`doctor`: checks of the machine, the builder and AWS, each a finding.

A check looks and changes nothing.
"""
