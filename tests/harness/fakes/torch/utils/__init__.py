"""``torch.utils`` of the fake."""
