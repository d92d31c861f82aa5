-- Conversations of any layout as one: macros that turn what a file holds into turns, judge them, and write them as
-- messages. A turn is a message of OpenAI's (role, content, tool_calls) or of ShareGPT's (from, value); which one is
-- told by its keys. Kinds of turns are one letter each: s(ystem), u(ser), a(ssistant), c(all of tools), o(bservation,
-- what a tool gave), ? for anything else. Whether turns stand in order is a matter of neighbours alone. A lambda names
-- its argument `__…`: `turn.text` is a field of a column `turn`, where the rows have one.

-- From cells (JSON) to lists of raw turns. Every turn is parsed once, into a struct of all that is ever read of one. ---

CREATE MACRO read_turns(cell) AS from_json(cell, '[{"role": "VARCHAR", "from": "VARCHAR", "content": "JSON", "value": "JSON", '
    '"tool_calls": "JSON", "tool_call_id": "VARCHAR", "name": "VARCHAR", "weight": "VARCHAR", "loss_weight": "VARCHAR", '
    '"train": "VARCHAR"}]');

CREATE MACRO plain_turn(role, said) AS {
    'role': role, 'from': NULL::VARCHAR, 'content': to_json(said), 'value': NULL::JSON, 'tool_calls': NULL::JSON,
    'tool_call_id': NULL::VARCHAR, 'name': NULL::VARCHAR, 'weight': NULL::VARCHAR, 'loss_weight': NULL::VARCHAR,
    'train': NULL::VARCHAR};

CREATE MACRO has_text(cell) AS coalesce(json_type(cell) = 'VARCHAR' AND NOT is_blank(cell ->> '$'), false);

-- A text is one turn of this role; a list is turns; an object is a turn.
CREATE MACRO as_turns(cell, role) AS CASE json_type(cell)
    WHEN 'ARRAY' THEN read_turns(cell)
    WHEN 'OBJECT' THEN read_turns('[' || cell || ']')
    WHEN 'VARCHAR' THEN [plain_turn(role, cell ->> '$')]
    ELSE [plain_turn(role, NULL)] END;

CREATE MACRO listed_turns(cell) AS CASE WHEN json_type(cell) = 'ARRAY' THEN read_turns(cell) END;

CREATE MACRO system_turns(cell) AS CASE WHEN has_text(cell) THEN [plain_turn('system', cell ->> '$')] ELSE [] END;

CREATE MACRO history_turns(cell) AS CASE WHEN json_type(cell) = 'ARRAY' THEN flatten(list_transform(
    CAST(cell AS JSON[]), lambda __pair: [plain_turn('user', __pair ->> 0), plain_turn('assistant', __pair ->> 1)])) ELSE [] END;

-- "instruction" and, below it, "input", as the Alpaca data are read by the trainers that know them.
CREATE MACRO instruction_turns(instruction, input) AS [plain_turn('user', CASE
    WHEN has_text(instruction) OR has_text(input) THEN concat_ws(chr(10),
        CASE WHEN has_text(instruction) THEN instruction ->> '$' END, CASE WHEN has_text(input) THEN input ->> '$' END)
    END)];

-- "\n\nHuman: …\n\nAssistant: …" in one text; what stands before the first mark is a turn without a role.
CREATE MACRO spoken_turns(said) AS list_transform(
    list_zip([''] || regexp_extract_all(said, '\n\n(Human|Assistant):', 1), string_split_regex(said, '\n\n(?:Human|Assistant): ?')),
    lambda __part: plain_turn(CASE __part[1] WHEN 'Human' THEN 'user' WHEN 'Assistant' THEN 'assistant' END, __part[2]));

CREATE MACRO dialogue_turns(cell) AS CASE
    WHEN json_type(cell) = 'VARCHAR' AND regexp_matches(cell ->> '$', '^\n\n(Human|Assistant):')
        THEN spoken_turns(cell ->> '$')[2:]
    WHEN json_type(cell) = 'VARCHAR' AND regexp_matches(cell ->> '$', '\n\n(Human|Assistant):')
        THEN spoken_turns(cell ->> '$')
    ELSE as_turns(cell, 'assistant') END;

CREATE MACRO is_whole(turns) AS coalesce(coalesce(turns[1].role, turns[1]."from") IN ('user', 'human', 'system'), false);

-- One turn, read -----------------------------------------------------------------------------------------------------

CREATE MACRO part_text(part) AS CASE
    WHEN part ->> 'type' = 'text' THEN coalesce(part ->> 'text', part ->> 'value') END;

CREATE MACRO joined_parts(parts) AS CASE
    WHEN list_bool_and(list_transform(parts, lambda __part: part_text(__part) IS NOT NULL))
        THEN array_to_string(list_transform(parts, lambda __part: part_text(__part)), '') END;

-- The text of a content: a text, or a list of parts that are all text.
CREATE MACRO content_text(content, typed) AS CASE typed
    WHEN 'VARCHAR' THEN content ->> '$'
    WHEN 'ARRAY' THEN joined_parts(CAST(content AS JSON[])) END;

CREATE MACRO turn_letter(said, calls) AS CASE
    WHEN said IN ('user', 'human') THEN 'u'
    WHEN said IN ('assistant', 'gpt') THEN CASE WHEN calls THEN 'c' ELSE 'a' END
    WHEN said = 'system' THEN 's'
    WHEN said = 'function_call' THEN 'c'
    WHEN said IN ('tool', 'observation') THEN 'o'
    ELSE '?' END;

CREATE MACRO letter_role(letter) AS CASE letter
    WHEN 's' THEN 'system' WHEN 'u' THEN 'user' WHEN 'o' THEN 'tool' ELSE 'assistant' END;

CREATE MACRO letter_name(letter) AS CASE letter
    WHEN 's' THEN 'system' WHEN 'u' THEN 'user' WHEN 'a' THEN 'assistant' WHEN 'c' THEN 'tool call' ELSE 'tool' END;

CREATE MACRO parsed(said) AS CASE WHEN json_valid(said) THEN CAST(said AS JSON) END;

-- A list may stand in a text, as JSON.
CREATE MACRO opened(cell) AS CASE WHEN json_type(cell) = 'VARCHAR' THEN parsed(cell ->> '$') ELSE cell END;

-- Whether a cell for a list says anything; whether that is a list is another question.
CREATE MACRO is_filled(cell) AS CASE
    WHEN cell IS NULL OR json_type(cell) = 'NULL' THEN false
    WHEN json_type(cell) = 'VARCHAR' AND is_blank(cell ->> '$') THEN false
    ELSE NOT coalesce(json_type(opened(cell)) = 'NULL', false)
        AND NOT coalesce(json_type(opened(cell)) = 'ARRAY' AND json_array_length(opened(cell)) = 0, false) END;

-- Calls: OpenAI's list beside the content, or ShareGPT's JSON text in it.
CREATE MACRO raw_calls(listed, said) AS CASE
    WHEN listed IS NOT NULL THEN CASE WHEN json_type(listed) = 'ARRAY' THEN CAST(listed AS JSON[]) END
    WHEN json_type(said) = 'ARRAY' THEN CAST(said AS JSON[])
    WHEN json_type(said) = 'OBJECT' THEN [said] END;

CREATE MACRO call_arguments(call) AS opened(CASE
    WHEN json_type(call, '$.function') = 'OBJECT' THEN json_extract(call, '$.function.arguments')
    ELSE json_extract(call, '$.arguments') END);

CREATE MACRO call_name(call) AS coalesce(call ->> '$.function.name', call ->> '$.name');

CREATE MACRO call_text(call) AS CASE
    WHEN NOT is_blank(call_name(call)) AND json_type(call_arguments(call)) = 'OBJECT' THEN
        '{' || CASE WHEN json_type(call, '$.id') = 'VARCHAR' THEN '"id":' || json_extract(call, '$.id') || ',' ELSE '' END
        || '"type":"function","function":{"name":' || to_json(call_name(call)) || ',"arguments":' || call_arguments(call)
        || '}}' END;

CREATE MACRO joined_calls(calls) AS CASE
    WHEN len(calls) > 0 AND list_bool_and(list_transform(calls, lambda __call: call_text(__call) IS NOT NULL))
        THEN '[' || array_to_string(list_transform(calls, lambda __call: call_text(__call)), ',') || ']' END;

CREATE MACRO turn_weight(weight) AS CASE
    WHEN weight IS NULL OR weight IN ('1', '1.0', 'true') THEN 1 WHEN weight IN ('0', '0.0', 'false') THEN 0 END;

-- In two looks, because the second needs what the first found more than once.
CREATE MACRO turn_seen(turn) AS {
    'said': coalesce(turn.role, turn."from"),
    'content': CASE WHEN coalesce(json_type(turn.content), 'NULL') = 'NULL' THEN turn.value ELSE turn.content END,
    'listed': CASE WHEN is_filled(turn.tool_calls) THEN coalesce(opened(turn.tool_calls), turn.tool_calls) END,
    'weight': coalesce(turn.weight, turn.loss_weight, turn.train),
    'id': turn.tool_call_id,
    'name': turn.name};

CREATE MACRO turn_heard(seen) AS {
    'said': seen.said,
    'letter': turn_letter(seen.said, seen.listed IS NOT NULL),
    'typed': coalesce(json_type(seen.content), 'NULL'),
    'text': content_text(seen.content, coalesce(json_type(seen.content), 'NULL')),
    'listed': seen.listed, 'weight': seen.weight, 'id': seen.id, 'name': seen.name};

CREATE MACRO turn_read(heard) AS {
    'said': heard.said,
    'letter': heard.letter,
    'typed': heard.typed,
    'text': heard.text,
    'calls': CASE WHEN heard.letter = 'c' THEN joined_calls(raw_calls(heard.listed, parsed(heard.text))) END,
    'beside': heard.listed IS NOT NULL,
    'weight': CASE WHEN heard.letter IN ('a', 'c') THEN turn_weight(heard.weight) ELSE 1 END,
    'id': CASE WHEN heard.letter = 'o' THEN heard.id END,
    'name': CASE WHEN heard.letter = 'o' THEN heard.name END};

CREATE MACRO turns_of(raw) AS list_transform(list_transform(list_transform(
    raw, lambda __turn: turn_seen(__turn)), lambda __seen: turn_heard(__seen)), lambda __heard: turn_read(__heard));

CREATE MACRO letters_of(turns) AS array_to_string(list_transform(turns, lambda __turn: __turn.letter), '');

-- Turns, judged ------------------------------------------------------------------------------------------------------

-- What may stand behind what; the empty text is the beginning.
CREATE MACRO may_follow(before, letter) AS CASE before
    WHEN '' THEN letter IN ('s', 'u') WHEN 's' THEN letter = 'u' WHEN 'u' THEN letter IN ('a', 'c')
    WHEN 'a' THEN letter = 'u' WHEN 'c' THEN letter = 'o' ELSE letter IN ('o', 'a', 'c') END;

CREATE MACRO problem(rule, turn, detail) AS {'rule': rule, 'turn': turn, 'detail': detail};

CREATE MACRO turn_problem(turn, n, letters) AS CASE
    WHEN turn.letter = '?' AND turn.said IS NULL THEN problem('unknown_role', n, 'turn ' || n || ' has no role')
    WHEN turn.letter = '?'
        THEN problem('unknown_role', n, 'turn ' || n || ' has the role `' || left(turn.said, 40) || '`, which is none of '
            || 'system, user, human, assistant, gpt, tool, observation, function_call')
    WHEN turn.beside AND turn.letter <> 'c'
        THEN problem('tool_call', n, 'turn ' || n || ' (' || letter_name(turn.letter) || ') has tool calls, which only an assistant makes')
    WHEN turn.beside AND turn.calls IS NULL
        THEN problem('tool_call', n, 'the tool calls of turn ' || n || ' are no list of calls with names and objects of arguments')
    WHEN turn.letter = 'c' AND turn.calls IS NULL
        THEN problem('tool_call', n, 'turn ' || n || ' is a tool call without a name, or without an object of arguments')
    WHEN turn.typed NOT IN ('VARCHAR', 'NULL') AND turn.text IS NULL
        THEN problem('not_text', n, 'the content of turn ' || n || ' is not only text')
    WHEN turn.letter IN ('u', 'a') AND is_blank(turn.text)
        THEN problem('empty_turn', n, 'turn ' || n || ' (' || letter_name(turn.letter) || ') has no text')
    WHEN turn.weight IS NULL THEN problem('weight', n, 'turn ' || n || ' has a weight that is neither 0 nor 1')
    WHEN n = 1 AND NOT may_follow('', turn.letter)
        THEN problem('turn_order', n, 'the conversation begins with a turn of the ' || letter_name(turn.letter))
    WHEN n > 1 AND NOT may_follow(substr(letters, n - 1, 1), turn.letter)
        THEN problem('turn_order', n, 'turn ' || n || ' (' || letter_name(turn.letter) || ') follows turn ' || (n - 1)
            || ' (' || letter_name(substr(letters, n - 1, 1)) || ')') END;

CREATE MACRO first_problem(turns, letters) AS coalesce(
    CASE WHEN turns IS NULL THEN problem('not_turns', NULL, 'it is no list of turns')
         WHEN len(turns) = 0 THEN problem('not_turns', NULL, 'there is no turn') END,
    list_filter(list_transform(turns, lambda __turn, __n: turn_problem(__turn, __n, letters)), lambda __found: __found IS NOT NULL)[1],
    CASE WHEN letters[-1] NOT IN ('a', 'c') THEN
        problem('no_answer', len(turns), 'the last turn is of the ' || letter_name(letters[-1]) || ', and no answer follows')
    END);

-- Turns, written -----------------------------------------------------------------------------------------------------

CREATE MACRO message_text(turn) AS
    '{"role":"' || letter_role(turn.letter) || '","content":'
    || to_json(CASE WHEN turn.calls IS NOT NULL AND NOT turn.beside THEN '' ELSE coalesce(turn.text, '') END)
    || coalesce(',"tool_calls":' || turn.calls, '')
    || CASE WHEN turn.letter = 'o' THEN coalesce(',"tool_call_id":' || to_json(turn.id), '') ELSE '' END
    || CASE WHEN turn.letter = 'o' THEN coalesce(',"name":' || to_json(turn.name), '') ELSE '' END
    || CASE WHEN turn.weight = 0 THEN ',"loss":false' ELSE '' END || '}';

CREATE MACRO messages_text(turns, tools) AS '[' || array_to_string(
    CASE WHEN tools IS NULL THEN [] ELSE ['{"role":"tools","content":' || to_json(tools) || '}'] END
    || list_transform(turns, lambda __turn: message_text(__turn)), ',') || ']';

-- What a model is told of a tool: always {"type": "function", "function": {…}}.
CREATE MACRO tool_text(tool) AS CASE
    WHEN json_type(tool, '$.function') = 'OBJECT' THEN '{"type":"function","function":' || json_extract(tool, '$.function') || '}'
    WHEN json_type(tool, '$.name') = 'VARCHAR' THEN '{"type":"function","function":' || CAST(tool AS VARCHAR) || '}' END;

CREATE MACRO joined_tools(tools) AS CASE
    WHEN len(tools) = 0 THEN NULL
    WHEN list_bool_and(list_transform(tools, lambda __tool: tool_text(__tool) IS NOT NULL))
        THEN '[' || array_to_string(list_transform(tools, lambda __tool: tool_text(__tool)), ',') || ']' END;

CREATE MACRO tools_text(cell) AS CASE WHEN json_type(opened(cell)) = 'ARRAY' THEN joined_tools(CAST(opened(cell) AS JSON[])) END;

CREATE MACRO answer_text(turn) AS CASE WHEN turn.calls IS NOT NULL THEN turn.calls ELSE turn.text END;

-- Pairs of conversations: one answer that is better and one that is worse, to the same turns before it.
CREATE MACRO turn_key(turn) AS [turn.letter, turn.text, turn.calls];

CREATE MACRO of_rejected(found) AS CASE
    WHEN found IS NOT NULL THEN problem(found.rule, found.turn, 'rejected: ' || found.detail) END;

CREATE MACRO pair_problem(better, worse) AS CASE
    WHEN list_transform(better[:-2], lambda __turn: turn_key(__turn)) IS DISTINCT FROM list_transform(worse[:-2], lambda __turn: turn_key(__turn))
        THEN problem('other_prompt', NULL, 'chosen and rejected differ before their last answers') END;
