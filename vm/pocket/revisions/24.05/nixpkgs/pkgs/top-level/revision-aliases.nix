# Names that this revision has no more: none.
{ }
