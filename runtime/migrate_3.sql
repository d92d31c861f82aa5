-- A store of schema 2: what a mixture takes is kept an input, and no longer a name of a task.
ALTER TABLE mixture_counts RENAME COLUMN task TO part;
ALTER TABLE mixture_counts ADD COLUMN share DOUBLE;
ALTER TABLE mixture_counts ALTER wanted TYPE DOUBLE;
