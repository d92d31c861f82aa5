-- The results store. Table and column names are part of the interface; docs/store.md explains each.
-- Every statement may be run again: a store of an older version gets the tables that it has not.
-- Results hang on step_hash (what was computed), names on (run_id, step_id) (who asked for it).

CREATE TABLE IF NOT EXISTS meta (schema_version INTEGER NOT NULL, created_at TIMESTAMPTZ NOT NULL);

CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY,
    spec TEXT NOT NULL,              -- file name of the spec
    plan_hash TEXT NOT NULL,
    plan JSON NOT NULL,              -- the whole plan, canonical JSON
    status TEXT NOT NULL,            -- running | done | failed | interrupted
    verdict TEXT,                    -- pass | fail | inconclusive; NULL without a gate or before its end
    started_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    pid INTEGER NOT NULL,
    host TEXT NOT NULL,
    error TEXT
);

CREATE TABLE IF NOT EXISTS steps (
    run_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,        -- position in the plan, from 0
    step_id TEXT NOT NULL,           -- kind:name
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    step_hash TEXT NOT NULL,
    labels JSON NOT NULL,            -- display names that are not part of the hash (model, template, eval, task, …)
    status TEXT NOT NULL,            -- pending | running | cached | done | failed | skipped | interrupted
    reason TEXT,                     -- why it ran: new, or which field, file or input changed; or why it was skipped
    rows_in BIGINT, rows_out BIGINT, rows_dropped BIGINT,
    started_at TIMESTAMPTZ, seconds DOUBLE,
    summary JSON,                    -- what the step says of itself
    error TEXT,
    line INTEGER, col INTEGER,       -- where in the spec it comes from
    PRIMARY KEY (run_id, step_id)
);

-- What stopped a run, and warnings of its loops, with their place in the spec: `path` from the folder of the spec, line and column from 1.
CREATE TABLE IF NOT EXISTS findings (
    run_id TEXT NOT NULL, number INTEGER NOT NULL, -- from 0
    step_id TEXT,                    -- the step that was running
    code TEXT NOT NULL, message TEXT NOT NULL, help TEXT, path TEXT, line INTEGER, col INTEGER,
    severity TEXT DEFAULT 'error',   -- error | warning
    PRIMARY KEY (run_id, number)
);
ALTER TABLE findings ADD COLUMN IF NOT EXISTS severity TEXT DEFAULT 'error'; -- of a store of version 6

-- What has been computed, once a step hash, whichever run did it. With the object folder this is what "cached" means.
CREATE TABLE IF NOT EXISTS results (
    step_hash TEXT PRIMARY KEY, kind TEXT NOT NULL, run_id TEXT NOT NULL,
    rows_in BIGINT NOT NULL, rows_out BIGINT NOT NULL, rows_dropped BIGINT NOT NULL,
    seconds DOUBLE NOT NULL, summary JSON NOT NULL, finished_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE IF NOT EXISTS lineage (step_hash TEXT NOT NULL, role TEXT NOT NULL, input_hash TEXT NOT NULL, PRIMARY KEY (step_hash, role));

CREATE TABLE IF NOT EXISTS environment (run_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run_id, key));

-- The files of a spec as they were when the run began, the main one first; `path` is from its folder.
CREATE TABLE IF NOT EXISTS spec_files (
    run_id TEXT NOT NULL, ordinal INTEGER NOT NULL, path TEXT NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (run_id, path)
);

CREATE TABLE IF NOT EXISTS sources (
    run_id TEXT NOT NULL, step_hash TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL, content_hash TEXT NOT NULL,
    licence TEXT, origin TEXT, rows BIGINT NOT NULL, unreadable BIGINT NOT NULL,
    PRIMARY KEY (run_id, name, path)
);

-- What the rules of a filter are called in this run (wording is not part of a step's hash).
CREATE TABLE IF NOT EXISTS rules (run_id TEXT NOT NULL, step_id TEXT NOT NULL, rule TEXT NOT NULL, text TEXT NOT NULL, reason TEXT, PRIMARY KEY (run_id, step_id, rule));

-- One row a dropped row, for every step kind.
CREATE TABLE IF NOT EXISTS ledger (
    step_hash TEXT NOT NULL,
    rule TEXT NOT NULL,              -- '0', '1', … the rule's position in the filter, or a name such as 'unreadable'
    row_id TEXT,                     -- NULL only for a line that could not be read
    line BIGINT,                     -- line (or row) number in the source file, from 1
    file TEXT,                       -- source file, where one step reads several
    value TEXT,                      -- the measured value
    survivor TEXT,                   -- row_id of the row that stood in for a duplicate
    detail TEXT                      -- a sentence, where the rule alone does not say it
);
CREATE INDEX IF NOT EXISTS ledger_step ON ledger (step_hash);

-- What models wrote, a row a candidate in a fixed order, with the verdict on it: a rejected one is in the ledger too.
CREATE TABLE IF NOT EXISTS candidates (
    step_hash TEXT NOT NULL, number INTEGER NOT NULL, -- from 0
    row_id TEXT NOT NULL,
    round INTEGER NOT NULL,          -- from 0
    generation INTEGER NOT NULL,     -- 1 + the highest of its parents; rows of a source have 0
    parents TEXT[] NOT NULL,         -- row ids of what it was written from
    requests TEXT[] NOT NULL,        -- request hashes, in the order in which they were asked: prompts and answers
    verdict TEXT NOT NULL,           -- accepted | rejected
    rule TEXT, value TEXT, detail TEXT, -- the first rule that it breaks, what was measured, and a sentence
    nearest TEXT, similarity DOUBLE, -- the earlier row that it is most like, and how much, 0 to 1
    content JSON NOT NULL,           -- its columns
    facts JSON,                      -- what else the method knows of it
    PRIMARY KEY (step_hash, number)
);

-- `examples` (rows that were read, so that any row_id can be shown) and `renders` are views over files: see row_files.py.

-- What a mixture takes of each input (`rows:0`, …); the names that they have in a run are labels of its step: see mixtures.
CREATE TABLE IF NOT EXISTS mixture_counts (
    step_hash TEXT NOT NULL, part TEXT NOT NULL, available BIGINT NOT NULL,
    share DOUBLE NOT NULL, wanted DOUBLE NOT NULL, -- by the rates: of the mixture, and in rows, before whole numbers are made
    realised BIGINT NOT NULL, repeats DOUBLE NOT NULL
);

-- Decontamination: every training row that gives held-out items of a set away, with the item that it covers most …
CREATE TABLE IF NOT EXISTS overlap_rows (
    step_hash TEXT NOT NULL,
    against INTEGER NOT NULL,        -- the set: its position in the step's parameters, and the rule of that name in `rules`
    row_id TEXT NOT NULL, item TEXT NOT NULL, -- the training row and the held-out row
    words BIGINT NOT NULL, covered BIGINT NOT NULL, -- words of the item, and how many of them the row has in long enough runs
    matched TEXT NOT NULL            -- the longest covered stretch, as it stands in the item
);
-- … and every held-out item, with how many rows give it away and the row that comes closest, also where nothing was dropped.
CREATE TABLE IF NOT EXISTS overlap_items (
    step_hash TEXT NOT NULL, against INTEGER NOT NULL, item TEXT NOT NULL, words BIGINT NOT NULL, rows BIGINT NOT NULL,
    closest TEXT, covered BIGINT NOT NULL, matched TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS train_steps (
    step_hash TEXT NOT NULL, step INTEGER NOT NULL, epoch DOUBLE NOT NULL,
    loss DOUBLE, validation_loss DOUBLE, learning_rate DOUBLE, grad_norm DOUBLE,
    supervised_tokens BIGINT, tokens BIGINT, padding_share DOUBLE, tokens_per_second DOUBLE, seconds DOUBLE,
    PRIMARY KEY (step_hash, step)
);

CREATE TABLE IF NOT EXISTS predictions (
    step_hash TEXT NOT NULL, row_id TEXT NOT NULL,
    sample INTEGER NOT NULL DEFAULT 0, -- which answer to the item, from 0
    prompt TEXT NOT NULL, output TEXT NOT NULL, expected TEXT NOT NULL,
    stop_reason TEXT NOT NULL,       -- end_of_turn | length | chosen | recorded (made elsewhere: tokens and seconds are not known)
    prompt_tokens INTEGER, output_tokens INTEGER, seconds DOUBLE, made_at TIMESTAMPTZ NOT NULL,
    options JSON,                    -- of an answer that was chosen: every option with its log-likelihood
    PRIMARY KEY (step_hash, row_id, sample)
);
ALTER TABLE predictions ADD COLUMN IF NOT EXISTS options JSON; -- of a store of version 3
-- Of a store of version 4: answers that were made elsewhere have none of these.
ALTER TABLE predictions ALTER COLUMN prompt_tokens DROP NOT NULL;
ALTER TABLE predictions ALTER COLUMN output_tokens DROP NOT NULL;
ALTER TABLE predictions ALTER COLUMN seconds DROP NOT NULL;

-- What models give to texts that are there: of expected answers their log-likelihood, of outputs the divergence from a reference.
CREATE TABLE IF NOT EXISTS likelihoods (
    step_hash TEXT NOT NULL, row_id TEXT NOT NULL, log_likelihood DOUBLE, ending DOUBLE, divergence DOUBLE,
    tokens INTEGER NOT NULL, words INTEGER NOT NULL, characters INTEGER NOT NULL, bytes INTEGER NOT NULL, made_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (step_hash, row_id)
);

-- Scores a row: NULL where it could not be measured, with the reason.
CREATE TABLE IF NOT EXISTS scores (step_hash TEXT NOT NULL, score TEXT NOT NULL, row_id TEXT NOT NULL, value DOUBLE, reason TEXT);
CREATE INDEX IF NOT EXISTS scores_step ON scores (step_hash);

-- What a model gave a text, once a text and scorer, whichever step asked: nothing of it is asked twice.
CREATE TABLE IF NOT EXISTS scorings (
    scorer_hash TEXT NOT NULL, text_hash TEXT NOT NULL, value DOUBLE, reason TEXT, tokens BIGINT NOT NULL, made_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (scorer_hash, text_hash)
);

-- What models were asked, and what they answered, once a request, whichever step asked: nothing is asked twice.
CREATE TABLE IF NOT EXISTS requests (
    request_hash TEXT PRIMARY KEY,   -- of the model, the messages, the decoding and the sample
    model_hash TEXT NOT NULL,        -- of what names the model: its files and dtype, or its server and name
    messages TEXT NOT NULL, decode TEXT NOT NULL, sample INTEGER NOT NULL, -- the first two as JSON
    answer TEXT,                     -- NULL where it cannot be put to the model
    stop_reason TEXT NOT NULL,       -- end_of_turn | length | content_filter | what a server says; without an answer, the rule
    detail TEXT,                     -- without an answer, a sentence
    prompt_tokens INTEGER, output_tokens INTEGER, seconds DOUBLE NOT NULL,
    cost DECIMAL(18, 9),             -- by the prices of the spec when it was asked
    attempts INTEGER NOT NULL,
    served TEXT,                     -- the name that a server gave the model
    made_at TIMESTAMPTZ NOT NULL
);

-- What judges said of texts, a row an asking: the label, or why there is none; the judge's name is a label of its step.
CREATE TABLE IF NOT EXISTS judgements (
    step_hash TEXT NOT NULL, row_id TEXT NOT NULL,
    sample INTEGER NOT NULL,         -- which answer to the item, from 0
    repeat INTEGER NOT NULL,         -- which asking about it, from 0; of a pair 1 is with the answers swapped
    label TEXT, score DOUBLE,        -- of labels the place from 0, worst first; of a scale its number
    confidence DOUBLE,               -- the label's probability, of a classifier
    reason TEXT,                     -- why there is no label: no_label, two_labels, truncated, …
    request_hash TEXT,               -- of a model that was asked: the row of `requests`
    policy_version TEXT              -- of the policy that it judged by
);
CREATE INDEX IF NOT EXISTS judgements_step ON judgements (step_hash);

-- How far labels agree: of a judge with people (calibrate), of people with each other (review), of a pairwise judge with itself in the other order (judge). Slice '*' is all items.
CREATE TABLE IF NOT EXISTS agreement (
    step_hash TEXT NOT NULL, slice TEXT NOT NULL, slice_value TEXT NOT NULL,
    statistic TEXT NOT NULL,         -- agreement | kappa | alpha | base_rate | …: see docs/judges.md
    which TEXT NOT NULL,             -- the label, reviewer or pair that it is about; empty for all
    n BIGINT NOT NULL, missing BIGINT NOT NULL, estimate DOUBLE, low DOUBLE, high DOUBLE, level DOUBLE NOT NULL, unit TEXT NOT NULL, method TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS agreement_step ON agreement (step_hash);

-- Rates by a judge, corrected for its errors on the labelled rows: beside the row of `metrics` with the same names.
CREATE TABLE IF NOT EXISTS corrected_rates (
    step_hash TEXT NOT NULL, model TEXT NOT NULL, template TEXT NOT NULL, metric TEXT NOT NULL, slice TEXT NOT NULL, slice_value TEXT NOT NULL,
    n BIGINT NOT NULL, labelled BIGINT NOT NULL, -- answers that were judged, and rows with labels of people too
    estimate DOUBLE, low DOUBLE, high DOUBLE, level DOUBLE NOT NULL, method TEXT NOT NULL
);

-- A value an item; of a metric of the whole set (BLEU) that of the item alone, and the statistics whose sums make the set's.
CREATE TABLE IF NOT EXISTS item_metrics (
    step_hash TEXT NOT NULL, model TEXT NOT NULL, template TEXT NOT NULL, row_id TEXT NOT NULL, metric TEXT NOT NULL, value DOUBLE, statistics DOUBLE[],
    reason TEXT -- why there is no value, or what is wrong with the answer
);
ALTER TABLE item_metrics ADD COLUMN IF NOT EXISTS statistics DOUBLE[]; -- of a store of version 3
ALTER TABLE item_metrics ADD COLUMN IF NOT EXISTS reason TEXT; -- of a store of version 4
-- Where an item was asked several times: what each answer measured. Its mean is the item's value in item_metrics.
CREATE TABLE IF NOT EXISTS sample_metrics (step_hash TEXT NOT NULL, model TEXT NOT NULL, template TEXT NOT NULL, row_id TEXT NOT NULL, sample INTEGER NOT NULL, metric TEXT NOT NULL, value DOUBLE);
CREATE TABLE IF NOT EXISTS item_slices (step_hash TEXT NOT NULL, row_id TEXT NOT NULL, slice TEXT NOT NULL, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS item_tags (step_hash TEXT NOT NULL, row_id TEXT NOT NULL, tag TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS item_metrics_step ON item_metrics (step_hash);
CREATE INDEX IF NOT EXISTS sample_metrics_step ON sample_metrics (step_hash);

-- Aggregates. template '*' is the mean over the eval's templates; slice '*' is all items.
CREATE TABLE IF NOT EXISTS metrics (
    step_hash TEXT NOT NULL, model TEXT NOT NULL, template TEXT NOT NULL, metric TEXT NOT NULL, slice TEXT NOT NULL, slice_value TEXT NOT NULL,
    n BIGINT NOT NULL, missing BIGINT NOT NULL, estimate DOUBLE, low DOUBLE, high DOUBLE, level DOUBLE NOT NULL, unit TEXT NOT NULL, method TEXT NOT NULL
);

-- What an eval varies beside its rows: how far apart its templates and numbers of examples are, paired by item, and how
-- often the answers to one item disagree. Template '*' is over all of them.
CREATE TABLE IF NOT EXISTS axes (
    step_hash TEXT NOT NULL, model TEXT NOT NULL, metric TEXT NOT NULL,
    axis TEXT NOT NULL,              -- templates | few_shot | samples
    statistic TEXT NOT NULL,         -- lowest | highest | spread | unseen_minus_trained | flip_rate
    template TEXT NOT NULL, which TEXT, -- of what it is; which template or number is the lowest, or is compared
    n BIGINT NOT NULL, missing BIGINT NOT NULL, estimate DOUBLE, low DOUBLE, high DOUBLE, level DOUBLE NOT NULL, unit TEXT NOT NULL, method TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS gates (
    step_hash TEXT NOT NULL, requirement INTEGER NOT NULL, part INTEGER NOT NULL, -- part 0 is the requirement, 1… its slices
    text TEXT NOT NULL, verdict TEXT NOT NULL, reason TEXT NOT NULL,
    slice TEXT, slice_value TEXT,
    estimate DOUBLE, low DOUBLE, high DOUBLE, bound DOUBLE, threshold DOUBLE, level DOUBLE,
    n BIGINT, gained BIGINT, lost BIGINT, p_value DOUBLE, minimum_detectable DOUBLE, unit TEXT NOT NULL, test TEXT NOT NULL,
    adjusted_p DOUBLE, -- of a slice under `correct holm`: of "worse than allowed", adjusted over the slices
    PRIMARY KEY (step_hash, requirement, part)
);
ALTER TABLE gates ADD COLUMN IF NOT EXISTS adjusted_p DOUBLE; -- of a store of version 7

-- `any of` and `all of`: which requirements a group holds, and so do not decide the gate by themselves.
CREATE TABLE IF NOT EXISTS gate_members (
    step_hash TEXT NOT NULL, requirement INTEGER NOT NULL, member INTEGER NOT NULL, PRIMARY KEY (step_hash, requirement, member)
);

CREATE TABLE IF NOT EXISTS baselines (name TEXT PRIMARY KEY, run_id TEXT NOT NULL, plan_hash TEXT NOT NULL, blessed_at TIMESTAMPTZ NOT NULL, note TEXT);

-- Items that somebody marked, with a note; the run, model and answer are those that were on show. Written by the dashboard.
CREATE TABLE IF NOT EXISTS marks (
    eval TEXT NOT NULL, template TEXT NOT NULL, row_id TEXT NOT NULL, note TEXT NOT NULL DEFAULT '',
    run_id TEXT NOT NULL, model TEXT NOT NULL, step_hash TEXT NOT NULL, -- of the answer in predictions
    marked_at TIMESTAMPTZ NOT NULL,
    sample INTEGER,                  -- which of several answers; NULL in marks of version 8, which did not keep it
    PRIMARY KEY (eval, template, row_id)
);
ALTER TABLE marks ADD COLUMN IF NOT EXISTS sample INTEGER; -- of a store of version 8

-- The rounds of a loop: the figures of the rows that a round was trained on (of its guard step), and what its model
-- measured (of its round step: `proxy`, `gold`, `EVAL.METRIC`). Figures of rows are counts of all of them and have no interval.
CREATE TABLE IF NOT EXISTS round_figures (
    step_hash TEXT NOT NULL, figure TEXT NOT NULL,
    value DOUBLE,                    -- NULL where it could not be measured: `reason` says why
    low DOUBLE, high DOUBLE, level DOUBLE, n BIGINT NOT NULL, unit TEXT NOT NULL, -- share | plain
    op TEXT, threshold DOUBLE,       -- of the guard or stop rule on it; of several the one that was broken
    stopped BOOLEAN NOT NULL,        -- whether it ended the loop
    reason TEXT
);

-- How often a held-out set decided a gate: one row a gate decision on it that was computed (not served from cache).
CREATE TABLE IF NOT EXISTS looks (held_out TEXT NOT NULL, gate_hash TEXT NOT NULL, run_id TEXT NOT NULL, looked_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (held_out, gate_hash));

-- The views below tell of a run what it did or took from an earlier one: runs share hashes, and not what they came to.

-- Drops under their names in a run: the view to ask "which rows were dropped, and why?".
CREATE OR REPLACE VIEW drops AS
SELECT s.run_id, s.step_id, l.rule, r.text AS rule_text, coalesce(r.reason, l.detail) AS reason, l.value, l.file, l.line, l.row_id, l.survivor, e.content
FROM ledger l
JOIN steps s ON s.step_hash = l.step_hash AND s.status IN ('done', 'cached')
LEFT JOIN rules r ON r.run_id = s.run_id AND r.step_id = s.step_id AND r.rule = l.rule
LEFT JOIN (
    SELECT row_id, any_value(content) AS content FROM examples WHERE row_id IN (SELECT row_id FROM ledger) GROUP BY row_id
) e ON e.row_id = l.row_id;

-- Mixtures under their names in a run.
CREATE OR REPLACE VIEW mixtures AS
SELECT s.run_id, s.step_id, coalesce(s.labels ->> c.part, c.part) AS task, c.available, c.share, c.wanted, c.realised, c.repeats
FROM mixture_counts c JOIN steps s USING (step_hash)
WHERE s.status IN ('done', 'cached', 'failed'); -- one that is refused has counts too, which say why

-- Rounds under their names in a run.
CREATE OR REPLACE VIEW rounds AS
SELECT s.run_id, s.labels ->> 'loop' AS loop, CAST(s.labels ->> 'number' AS INTEGER) AS round, s.step_id, s.status, f.* EXCLUDE (step_hash)
FROM round_figures f JOIN steps s USING (step_hash)
WHERE s.kind IN ('guard', 'round') AND s.status IN ('done', 'cached');
