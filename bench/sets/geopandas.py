"""Shapes, projections and files of them.

After https://geopandas.org/en/stable/getting_started/introduction.html
"""

import tempfile

import geopandas
from pyproj import CRS, Transformer
from shapely.geometry import Point

frame = geopandas.GeoDataFrame(
    {"name": ["Seoul", "Busan"]}, geometry=[Point(126.98, 37.57), Point(129.08, 35.18)], crs=4326
)
print(frame.to_crs(5179).geometry.x.round(1).tolist(), CRS(5179).name)
print(Transformer.from_crs(4326, 3857).transform(37.57, 126.98))
with tempfile.TemporaryDirectory() as folder:
    for kind in ("gpkg", "geojson"):
        frame.to_file(f"{folder}/x.{kind}")
        print(geopandas.read_file(f"{folder}/x.{kind}").geometry.area.sum(), kind)
print(frame.buffer(1e-2).area.round(6).tolist())
