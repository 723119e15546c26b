"""Measures, files and the backend that its tests bring.

After https://networkx.org/documentation/stable/tutorial.html
"""

import io

import networkx as nx

graph = nx.karate_club_graph()
print(
    sorted(nx.config.backends),
    nx.average_clustering(graph),
    len(nx.community.greedy_modularity_communities(graph)),
)
print(
    nx.pagerank(graph, backend="nx_loopback")[0]
    if "nx_loopback" in nx.utils.backends.backends
    else "no loopback"
)
out = io.BytesIO()
nx.write_graphml(graph, out)
print(len(out.getvalue()), nx.read_graphml(io.BytesIO(out.getvalue())).number_of_edges())
print(len(nx.graph_atlas_g()))
