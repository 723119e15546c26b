"""Fit, predict and score; a bundled data set; a distribution of scipy's."""

from scipy.stats import norm
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

data = load_iris()
scores = cross_val_score(RandomForestClassifier(20, random_state=0), data.data, data.target, cv=3)
assert scores.mean() > 0.9
assert abs(norm.cdf(0) - 0.5) < 1e-9
