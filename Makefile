# `make demo` and `make test` do all the set-up on a fresh machine with python3.11, pip, make and git.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
# Before everything else: with it in place nothing larger is pulled in.
TORCH ?= torch==2.13.0

BIN := .venv/bin
# Named after what is to be installed: nothing to do while that stays the same, whatever the clock says.
INSTALLED := .venv/installed-$(shell (cat pyproject.toml; echo '$(TORCH)') | cksum | tr -d ' ')
SYSTEMS := abp iobs otrain seird oft sa barbershop covid supply hospital
ABP := --total_packets 3 --seed 17 --timeout 24 --sender_delay 6 --receiver_delay 9 --channel_delay 4 --simulate_time 600

.PHONY: help demo test check conform generation calibration alarms bench mutants format clean

help:
	@echo "make demo    build a simulator from its specification (replayed), run it, check it, break it, find the fault"
	@echo "make test    run the whole test suite"
	@echo "make check   format, lint, types, layers"
	@echo "make conform every reference simulator on every test input"
	@echo "make alarms  every reference, every test input, twenty seeds: no rule may be violated"
	@echo "make generation  every recorded system built from its specification, by replay"
	@echo "make calibration  what fits, posteriors, diagnoses and policies are worth where the truth is known (long)"
	@echo "make bench   the benchmarks of speed"
	@echo "make mutants how well the rules notice small faults"
	@echo "make format  format the code and repair what the linter can"
	@echo "make clean   remove what was built (.venv stays)"

# A virtual environment without a working pip is made anew. A package whose installation was cut off has
# no RECORD: its metadata go, so that pip does not take it for installed.
$(INSTALLED):
	@echo "Installing into .venv (about 2 GB, some minutes the first time) ..." >&2
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@for info in .venv/lib/python3*/site-packages/*.dist-info; do \
		[ ! -d "$$info" ] || [ -e "$$info/RECORD" ] || rm -r "$$info"; done
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check '$(TORCH)'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[calibration,dev]'
	@rm -f .venv/installed-*
	@touch $@

demo: $(INSTALLED)
	@mkdir -p build
	@rm -rf build/abp build/abp.jsonl
	@echo "A simulator from specs/abp.md: every answer of a language model is replayed from scenarios/abp/recording"
	@echo
	@$(BIN)/gsim-devs build abp --llm replay:scenarios/abp/recording --out build/abp --runs build/runs \
		> build/abp.txt 2> build/abp.log || { cat build/abp.log build/abp.txt; exit 1; }
	@grep examined build/abp.log
	@echo
	@sed -n '1,/^$$/p;/^operational/,$$p' build/abp.txt
	@$(BIN)/python build/abp $(ABP) > build/abp.jsonl
	@echo
	@echo "Three packets over two channels that lose some of them: the first events of build/abp.jsonl"
	@echo
	@head -n 8 build/abp.jsonl
	@echo "... $$(wc -l < build/abp.jsonl | tr -d ' ') records in all"
	@echo
	@echo "The same simulator with one line of its sender spoiled: the timer is a millisecond late (build/abp-broken)"
	@echo
	@rm -rf build/abp-broken
	@cp -r build/abp build/abp-broken
	@sed 's/after(self.timeout, /after(self.timeout + 1, /' build/abp/components/sender.py \
		> build/abp-broken/components/sender.py
	@$(BIN)/gsim-devs conform build/abp-broken --scenario abp > build/abp-broken.txt; [ $$? -eq 1 ]
	@sed -n '/^operational/,/^  again/p' build/abp-broken.txt
	@echo
	@echo "An epidemic whose rates are not known: 20 cities to fit them to, 10 others to look at what does not fit"
	@echo
	@$(BIN)/gsim-devs assemble scenarios/covid/reference/plan.yaml scenarios/covid/reference \
		--contract contracts/covid.yaml --out build/covid 2>/dev/null
	@$(BIN)/gsim-devs data covid --split train --trajectories 20 --steps 40 --seed 1 --out build/train.csv 2>/dev/null
	@$(BIN)/gsim-devs data covid --split test --trajectories 10 --steps 40 --seed 2 --out build/test.csv 2>/dev/null
	@$(BIN)/gsim-devs calibrate build/covid --data build/train.csv --json build/estimate.json
	@echo
	@$(BIN)/gsim-devs diagnose build/covid --data build/test.csv --fitted-to build/train.csv \
		--estimate build/estimate.json | head -n 2
	@echo
	@echo "To try next:"
	@echo "  $(BIN)/python build/abp --help                               what it accepts"
	@echo "  $(BIN)/python build/abp --total_packets 5 --seed 3 --detail  who said what"
	@echo "  less build/abp/components/sender.py                          how a component is written"
	@echo "  less trace_checkers/abp.yaml                                 how rules are written"
	@echo "  $(BIN)/gsim-devs whatif build/covid --scale infection_rate=0.3 --from 10 --to 40   a lockdown"
	@echo "  $(BIN)/gsim-devs new my_system                               a system of your own (README)"
	@echo "  OPENAI_API_KEY=... $(BIN)/gsim-devs build abp --model NAME    ask a language model yourself"

test: $(INSTALLED)
	@$(BIN)/python -m pytest -n auto

check: $(INSTALLED)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

conform: $(INSTALLED)
	@for id in $(SYSTEMS); do \
		echo "$$id"; $(BIN)/gsim-devs conform reference --scenario $$id | tail -n 2 || exit 1; done

generation: $(INSTALLED)
	@$(BIN)/gsim-devs bench generation --llm replay

calibration: $(INSTALLED)
	@$(BIN)/gsim-devs bench calibration

alarms: $(INSTALLED)
	@$(BIN)/python -m tests.alarms

bench: $(INSTALLED)
	@$(BIN)/python -m tests.bench

mutants: $(INSTALLED)
	@$(BIN)/gsim-devs mutate

format: $(INSTALLED)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -r {} +
