-- From version 1: mixtures are counted by input and no longer by the name of a task. Old counts keep their names.
ALTER TABLE mixture_counts RENAME COLUMN task TO part;
ALTER TABLE mixture_counts ADD COLUMN share DOUBLE;
ALTER TABLE mixture_counts ALTER COLUMN wanted TYPE DOUBLE;
CREATE VIEW mixtures AS
SELECT s.run_id, s.step_id, coalesce(s.labels ->> c.part, c.part) AS task, c.available, c.share, c.wanted, c.realised, c.repeats
FROM mixture_counts c JOIN steps s USING (step_hash);
