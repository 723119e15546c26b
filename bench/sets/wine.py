"""λ-trim's app: a model of wines is trained, kept and asked.

After https://github.com/eniac/serverless-bench
"""

import io
import pickle

import boto3
import numpy as np
import pandas as pd
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split

data = load_wine(as_frame=True).frame
text = io.StringIO(data.to_csv(index=False))
frame = pd.read_csv(text)
train, test = train_test_split(frame, random_state=0)
model = RandomForestRegressor(20, random_state=0).fit(train.drop(columns="target"), train.target)
again = pickle.loads(pickle.dumps(model))
print(np.round(again.predict(test.drop(columns="target")), 3).tolist())
print(
    boto3.client(
        "s3", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    ).meta.endpoint_url
)
print(frame.describe().round(3).to_string())
