"""Results that cannot be right: noise, another pair's image, a rotated one, a copy, and more.

``patterns`` compares small images, ``noise`` looks at details, ``rules`` states what is suspicious.
``docs/noticed.md`` has the rules in words and how often each one is right and wrong.
"""
