-- From version 1: mixtures are counted by input and no longer by the name of a task. Old counts keep their names.
ALTER TABLE mixture_counts RENAME COLUMN task TO part;
ALTER TABLE mixture_counts ADD COLUMN share DOUBLE;
ALTER TABLE mixture_counts ALTER COLUMN wanted TYPE DOUBLE;
