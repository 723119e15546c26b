import json

import attr


@attr.s(auto_attribs=True)
class Job:
    hello: str = "nobody"

    def json(self):
        return json.dumps(attr.asdict(self))
