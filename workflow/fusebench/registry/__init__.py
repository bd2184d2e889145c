"""The registry: what a project's YAML files say. ``loading`` reads and checks them as a whole before anything is run."""
