"""One module per step of the pipeline, named as the step. Steps never import each other."""
