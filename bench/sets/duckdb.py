"""SQL over Arrow tables and Parquet files.

After https://duckdb.org/docs/api/python/overview
"""

import tempfile

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

rows = pa.table({"a": list(range(100)), "b": [f"x{n % 3}" for n in range(100)]})
print(duckdb.sql("select b, sum(a) from rows group by b order by b").fetchall())
with tempfile.TemporaryDirectory() as folder:
    pq.write_table(rows, f"{folder}/x.parquet", compression="zstd")
    print(duckdb.sql(f"select count(*), max(a) from '{folder}/x.parquet'").fetchall())
    print(ds.dataset(folder).to_table(filter=pc.field("a") > 97).to_pylist())
duckdb.sql("set home_directory = '/tmp'")  # a function has none
print(
    duckdb.sql("select extension_name from duckdb_extensions() where loaded order by 1").fetchall()
)
