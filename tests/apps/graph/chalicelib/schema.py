from graphql import build_schema, graphql_sync

SCHEMA = build_schema("type Query { hello(name: String): String }")


class Root:
    def hello(self, info, name="world"):
        return f"hello {name}"


def answer(query):
    done = graphql_sync(SCHEMA, query, Root())
    return {"data": done.data, "errors": [str(each) for each in done.errors or []]}
