"""A figure in each format, styles and fonts. A chart as a page.

After https://matplotlib.org/stable/users/explain/quick_start.html
"""

import io
import os
import tempfile

os.environ["MPLCONFIGDIR"] = tempfile.mkdtemp()
import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import plotly.graph_objects as go
import plotly.io
from matplotlib import font_manager

mpl.rcParams["svg.hashsalt"] = "x"
print(plt.style.available)
plt.style.use("ggplot")
figure, axes = plt.subplots()
axes.plot([1, 2, 3], [1, 4, 9])
axes.set_title(r"$\sqrt{x}$ and text")
for kind in ("png", "svg", "pdf"):
    out = io.BytesIO()
    figure.savefig(out, format=kind, metadata={"Date": None} if kind == "svg" else None)
    print(kind, len(out.getvalue()) if kind != "pdf" else out.getvalue()[:8])
print(font_manager.findfont("DejaVu Sans").rpartition("/")[2], len(mpl.colormaps))
chart = go.Figure(go.Scatter(x=[1, 2], y=[3, 4]))
print(
    sorted(plotly.io.templates), len(chart.to_html(div_id="x")) > 3_000_000, chart.to_json()[:200]
)
