"""What the rules call: ``python -m fusebench.steps STEP --OPTION ...``, one function for each step of the flow.

The parameters of a step's function are the options of its command: a contract is given as JSON, a
path as text, a list as several words. Each step reads what the steps before it wrote, and writes
its own; every job starts in the project's folder.
"""
