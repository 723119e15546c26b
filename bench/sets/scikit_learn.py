"""Fit, predict and score. A bundled data set. A package of scipy's.

After https://scikit-learn.org/stable/getting_started.html
"""

from scipy.stats import norm
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

data = load_iris()
scores = cross_val_score(RandomForestClassifier(20, random_state=0), data.data, data.target, cv=3)
assert scores.mean() > 0.9
assert abs(norm.cdf(0) - 0.5) < 1e-9
print(scores.round(4).tolist(), norm.cdf(1).round(9), data.DESCR[:80])
