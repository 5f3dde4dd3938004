# Locale data. The pocket channel's guest has its own; nothing is set.
{ ... }: { }
