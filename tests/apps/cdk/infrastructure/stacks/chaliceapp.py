from aws_cdk import Stack
from chalice.cdk import Chalice


class ChaliceApp(Stack):
    def __init__(self, scope, name):
        super().__init__(scope, name)
        self.chalice = Chalice(self, "ChaliceApp", source_dir="../runtime", stage_config={})
