"""Types of frames as Athena has them. A query read by its grammar.

After https://aws-sdk-pandas.readthedocs.io/en/stable/tutorials.html
"""

import awswrangler as wr
import boto3
import pandas as pd

frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": pd.to_datetime(["2024-01-01"] * 2)})
print(wr.catalog.extract_athena_types(frame))
print(
    wr.catalog.sanitize_dataframe_columns_names(frame.rename(columns={"a": "A b"})).columns.tolist()
)
session = boto3.Session("key", "secret", region_name="eu-central-1")
for service in ("s3", "athena", "glue"):
    print(
        service,
        session.client(service).meta.endpoint_url,
        len(session.client(service).meta.method_to_api_mapping),
    )
