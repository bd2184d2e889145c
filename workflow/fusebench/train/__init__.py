"""Train: runs the authors' training script, keeps what it has done, and checks what it made.

``training`` is the job, ``keeping`` what is kept of one that is cut off, ``staging`` what the
script finds, ``checkpoints`` which of its files are the weights, ``checks`` whether the test script
uses them.
"""
