"""λ-trim's app: graphs, their measures and famous ones.

After https://python.igraph.org/en/stable/tutorial.html
"""

import random

import igraph

random.seed(1)
for name in ("Zachary", "Petersen", "Krackhardt_Kite"):
    graph = igraph.Graph.Famous(name)
    print(
        name,
        graph.vcount(),
        graph.ecount(),
        graph.diameter(),
        [round(x, 4) for x in graph.pagerank()[:3]],
    )
print(igraph.Graph.Famous("Zachary").community_fastgreedy().as_clustering().modularity)
print(igraph.drawing.colors.color_name_to_rgba("red"))
