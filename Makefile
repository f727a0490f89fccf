# Two commands on a fresh machine (Python 3.11+, pip, make): `make bench` runs the main job, `make test` every check.
PYTHON ?= python3
VENV := .venv

.PHONY: bench test setup docs constraints fuzz reference reference-audit reference-edits reference-tables release-check schemas clean

bench: setup
	$(VENV)/bin/spgbench run quick -o results/quick

test: $(VENV)/.tools
	$(VENV)/bin/tox run

setup: $(VENV)/.ready

$(VENV)/.tools: constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt tox tox-uv uv
	touch $@

$(VENV)/.ready: $(VENV)/.tools pyproject.toml
	$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --constraint constraints.txt \
		--build-constraint constraints.txt --compile-bytecode --editable . --group dev
	touch $@

# The documentation: generated pages, then the site in build/site.
docs: setup
	$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --constraint constraints.txt --group docs
	$(VENV)/bin/python -m docs.generator
	$(VENV)/bin/mkdocs build --strict

# Pin the newest versions that fit together; run it by hand, then `make test`.
constraints: setup
	$(VENV)/bin/uv pip compile pyproject.toml --group dev --group docs --group lint --group test --group fuzz --group release --all-extras --universal --python-version 3.11 --quiet \
		--upgrade --no-header --no-annotate --no-emit-index-url --output-file constraints.txt

clean:
	rm -rf $(VENV) .tox .mypy_cache .ruff_cache .pytest_cache results/quick

# Keep the quick suite's records, tables and main pictures under version control, and how far instruction sets move its
# values.
reference: setup
	rm -rf results/quick
	$(MAKE) bench
	$(VENV)/bin/python -m tests.support.reference results/quick results/reference/quick
	$(VENV)/bin/python -m tests.support.golden_spread results/reference/quick

# Audit the metrics again, and write the tables of the audits into their page.
reference-audit: setup
	$(VENV)/bin/spgbench audit -o results/audit
	$(VENV)/bin/spgbench audit --protocols object-removal \
	    --metrics psnr,seam-colour,class-left,class-invented,object-left -o results/audit-removal
	$(VENV)/bin/python -m tests.support.reference_audit results/audit results/audit-removal

# Keep how far fills follow edited label maps, on streets and on CamVid; CAMVID is the folder of CamVid, relative to this one.
reference-edits: setup
	$(VENV)/bin/spgbench run guidance-edits -o results/edits-streets
	$(VENV)/bin/spgbench run guidance-edits --dataset camvid --data-root $(CAMVID) --models spgnet -o results/edits-camvid
	for name in edits-streets edits-camvid; do \
	    $(VENV)/bin/python -m tests.support.reference results/$$name results/reference/$$name docs/explanation/guided-edits.md; done
	$(VENV)/bin/python -m tests.support.reference_sheet results/edits-streets/gallery/edits.png docs/explanation/guided-edits.png

# Make the tables and plots of all kept runs again from their records, after a change of how they are written.
reference-tables: setup
	$(VENV)/bin/python -m tests.support.reference_tables

# Hostile input for every reader, CASES cases in all; the same command goes on where it stopped.
CASES ?= 1000000
PROCESSES ?= 2
fuzz: setup
	$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --constraint constraints.txt --group test --group fuzz
	$(VENV)/bin/python -m tests.fuzz --cases $(CASES) --processes $(PROCESSES)

# Check a release of the last commit, and write wheel, sdist, bill of materials and checksums to dist/; some minutes.
release-check: setup
	$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --constraint constraints.txt --group release
	$(VENV)/bin/python -m tests.support.release

# Write the JSON Schemas of the files on disk anew from the dataclasses.
schemas: setup
	$(VENV)/bin/python -m bench.records.json_schema
