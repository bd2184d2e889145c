"""What the rules call: ``python -m fusebench.steps STEP --OPTION ...``.

Each step of the flow is one function. The parameters of a step's function are the options of its
command: a contract is given as JSON, a path as text, a list as several words. Each step reads what
earlier steps wrote, and writes its own output. Every job starts in the project's folder.
"""
