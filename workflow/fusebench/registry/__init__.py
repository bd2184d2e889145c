"""The registry: what a project's YAML files say.

``loading`` reads all of them and checks them before anything is run.
"""
