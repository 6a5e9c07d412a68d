"""What files and language models must fit: contracts, plans, test inputs, the frame of rules. Runs nothing."""

from __future__ import annotations

from .arguments import (
    Argument,
    BooleanArgument,
    ChoiceArgument,
    DurationArgument,
    FileArgument,
    IntegerArgument,
    NumberArgument,
    TextArgument,
)
from .cases import Case, CaseFile, Expectation, MatchingRecords
from .checks.cases import check_cases, validate_cases
from .checks.mutants import check_mutants, mutated_components, seldom_broken
from .checks.plan import check_plan, validate_plan
from .contract import Contract, Horizon, TimeBase
from .data_file import DataFile, DataVariant, DrawnAction, check_data_file, load_data_file
from .declaration import Declaration
from .events import EventKind
from .layout import ConstantSource, FieldSource, Layout, TimeSource
from .load import (
    dump_json,
    dump_yaml,
    from_data,
    load,
    load_cases,
    load_contract,
    load_plan,
    parse_json,
    parse_yaml,
)
from .mutants import (
    Computed,
    Mutant,
    MutantFile,
    RecordPattern,
    SourceEdit,
    TraceEdit,
    load_mutants,
    reference_files,
)
from .names import snake_case
from .observables import Action, Observable, Sampling, State
from .parameters import Parameter
from .plan import (
    ArgumentBinding,
    AtomicNode,
    Binding,
    Component,
    CopyBinding,
    CoupledNode,
    Coupling,
    Emission,
    MessageType,
    ModelSpecification,
    OutputPort,
    ParameterBinding,
    PlanTree,
    Port,
    RootNode,
    ValueBinding,
)
from .schema import json_schema, payload_schema, printed_schema, record_schema, trace_schema
from .stdin import Command, JsonlStdin, LineCommand, LineStdin, NoStdin, Stdin, commands_of
from .tree import PlacedAtomic, Speakers, atomics, coupled_nodes, emitters, speakers

__all__ = [
    # contracts
    "Contract",
    "TimeBase",
    "Horizon",
    "Argument",
    "IntegerArgument",
    "NumberArgument",
    "DurationArgument",
    "TextArgument",
    "ChoiceArgument",
    "BooleanArgument",
    "FileArgument",
    "Stdin",
    "NoStdin",
    "LineStdin",
    "LineCommand",
    "JsonlStdin",
    "Command",
    "commands_of",
    "Layout",
    "FieldSource",
    "TimeSource",
    "ConstantSource",
    "EventKind",
    "Parameter",
    "Observable",
    "Sampling",
    "State",
    "Action",
    # plans
    "PlanTree",
    "MessageType",
    "ModelSpecification",
    "Port",
    "OutputPort",
    "Emission",
    "Component",
    "RootNode",
    "CoupledNode",
    "AtomicNode",
    "Coupling",
    "Binding",
    "ArgumentBinding",
    "ParameterBinding",
    "ValueBinding",
    "CopyBinding",
    "PlacedAtomic",
    "atomics",
    "coupled_nodes",
    "emitters",
    "Speakers",
    "speakers",
    "snake_case",
    # cases and rules
    "CaseFile",
    "Case",
    "Expectation",
    "MatchingRecords",
    # mutants
    "MutantFile",
    "Mutant",
    "SourceEdit",
    "TraceEdit",
    "RecordPattern",
    "Computed",
    "reference_files",
    "mutated_components",
    # example data
    "DataFile",
    "DataVariant",
    "DrawnAction",
    "load_data_file",
    "check_data_file",
    # files
    "Declaration",
    "load",
    "load_contract",
    "load_plan",
    "load_cases",
    "load_mutants",
    "parse_yaml",
    "parse_json",
    "from_data",
    "dump_yaml",
    "dump_json",
    # agreement
    "check_plan",
    "validate_plan",
    "check_cases",
    "validate_cases",
    "check_mutants",
    "seldom_broken",
    # schemas
    "json_schema",
    "trace_schema",
    "record_schema",
    "printed_schema",
    "payload_schema",
]
