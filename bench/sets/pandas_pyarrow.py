"""Write and read Parquet, group, and use the parts that pruning rules look at.

After https://pandas.pydata.org/docs/user_guide/10min.html
"""

import io

import pandas as pd
import pandas.testing

frame = pd.DataFrame(
    {"a": [1, 1, 2], "b": ["x", "y", None], "c": pd.to_datetime(["2024-01-01"] * 3)}
)
buffer = io.BytesIO()
frame.to_parquet(buffer, engine="pyarrow", compression="zstd")
pandas.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(buffer.getvalue())), frame)
assert frame.groupby("a")["b"].count().to_dict() == {1: 2, 2: 0}
assert "<table" in frame.to_html()
print(frame.groupby("a")["b"].count().to_dict(), frame.to_html())
print(frame.describe().to_string())
