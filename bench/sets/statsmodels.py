"""Least squares on a data set that statsmodels brings. A classifier on one of scikit-learn.

After https://www.statsmodels.org/stable/gettingstarted.html
"""

import statsmodels.api as sm
import statsmodels.formula.api as smf
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

data = sm.datasets.longley.load_pandas().data
print(smf.ols("TOTEMP ~ GNP + YEAR", data).fit().params.round(3).to_dict())
print(sm.datasets.anes96.NOTE[:200])
wine = load_wine()
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(wine.data, wine.target)
print(model.score(wine.data, wine.target), wine.DESCR[:100])
