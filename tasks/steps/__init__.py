"""One module per step of the pipeline, named as the step: plain functions, then a thin task.

Steps never import each other. They meet in records.
"""
