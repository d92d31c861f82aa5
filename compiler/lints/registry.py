"""All lints, in the order of their codes; and warnings of other passes that take levels like lints."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from compiler.lints import (
    column_as_text,
    constant_user,
    foreign_placeholder,
    full_objective,
    gate_cannot_fail,
    gate_cannot_pass,
    gated_on_validation_rows,
    judged_otherwise,
    learning_rate_of_another_method,
    list_for_range,
    many_epochs_on_few_rows,
    margin_below_detectable_effect,
    mixed_column,
    no_capability_requirement,
    no_held_out_template,
    no_safety_requirement,
    no_validation,
    point_estimates_only,
    preferences_without_kl,
    public_attacks_only,
    refusals_without_benign_set,
    repeated_rule,
    rounded_numbers,
    sampling_without_seed,
    single_template_eval,
    slice_not_required,
    spread_not_required,
    tuning_taken_for_alignment,
    uncalibrated_judge,
    ungated_eval,
    unreadable_rows,
    unused_block,
)
from compiler.lints.lint import Lint

LINTS: tuple[Lint, ...] = (
    refusals_without_benign_set.LINT,
    uncalibrated_judge.LINT,
    preferences_without_kl.LINT,
    public_attacks_only.LINT,
    no_safety_requirement.LINT,
    no_capability_requirement.LINT,
    tuning_taken_for_alignment.LINT,
    single_template_eval.LINT,
    no_held_out_template.LINT,
    margin_below_detectable_effect.LINT,
    gate_cannot_pass.LINT,
    unused_block.LINT,
    ungated_eval.LINT,
    no_validation.LINT,
    point_estimates_only.LINT,
    slice_not_required.LINT,
    spread_not_required.LINT,
    sampling_without_seed.LINT,
    many_epochs_on_few_rows.LINT,
    learning_rate_of_another_method.LINT,
    full_objective.LINT,
    gated_on_validation_rows.LINT,
    foreign_placeholder.LINT,
    column_as_text.LINT,
    constant_user.LINT,
    list_for_range.LINT,
    mixed_column.LINT,
    rounded_numbers.LINT,
    gate_cannot_fail.LINT,
    repeated_rule.LINT,
    unreadable_rows.LINT,
    judged_otherwise.LINT,
)

BY_NAME: Mapping[str, Lint] = MappingProxyType({lint.name: lint for lint in LINTS})

ADOPTED: Mapping[str, str] = MappingProxyType(
    {"unusual_value": "SFT0224", "unused_import": "SFT0233", "unused_param": "SFT0238", "same_source": "SFT0613"}
)
