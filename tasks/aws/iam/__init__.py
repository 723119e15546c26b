"""What each command needs in IAM: actions, resources, policies, and the simulator.

Nothing here calls the services that it names.
"""
